"""Whether the process lives, and whether it can do its work."""

from fastapi import APIRouter

from caviar import __version__
from caviar.wire.workers import Health
from service.api.parameters import ServiceOf
from service.api.problems import documented
from service.storage import searches

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok", version=__version__)


@router.get("/readyz", responses=documented(503))
def readyz(service: ServiceOf) -> Health:
    """The database answers too."""
    with service.database.read() as tx:
        searches.page(tx, limit=1, before=None)
    return Health(status="ok", version=__version__)
