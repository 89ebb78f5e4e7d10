"""/v1/searches/{id}/importances: which parameters mattered."""

from fastapi import APIRouter

from caviar.wire.importances import Importance, ImportancesAnswer
from service.api.parameters import SearchId, ServiceOf
from service.api.problems import documented
from service.importances.ranking import METHOD, importances
from service.storage import samples, searches
from service.storage.database import Transaction
from service.storage.records import SearchRecord

router = APIRouter(prefix="/v1/searches", tags=["searches"])
MOST_RESULTS = 10_000


@router.get("/{search}/importances", responses=documented(404))
def read_importances(service: ServiceOf, search: SearchId) -> ImportancesAnswer:
    """Which parameters mattered, from the finished trials; from an even sample of them where there are many."""
    with service.database.read() as tx:
        return answer(tx, searches.get(tx, search))


def answer(tx: Transaction, search: SearchRecord, *, most: int = MOST_RESULTS) -> ImportancesAnswer:
    """From at most `most` results."""
    found = importances(search.definition.parsed.domain, samples.finished(tx, search.id, limit=most))
    items = [
        Importance(parameter=item.parameter, importance=item.importance, trials=item.trials) for item in found.items
    ]
    return ImportancesAnswer(items=items, seen=found.seen, method=METHOD, explained=found.explained, note=found.note)
