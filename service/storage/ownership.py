"""A SQLite file belongs to one server at a time: a second one would not hear of what the first one changes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from caviar.errors import StoreRefused
from service.storage.database import parse
from service.storage.migrate import make_folder
from service.storage.mounts import TABLE, network_file_system


@contextmanager
def held(url: str, *, mounts: Path = TABLE) -> Iterator[None]:
    """For as long as the server lives; a killed one lets go of it. A Postgres database belongs to all who ask.

    Raises StoreRefused where another server holds it, and on a network file system, which cannot be trusted with it.
    """
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        yield
        return
    import fcntl  # noqa: PLC0415 - systems without it may still be clients and workers

    make_folder(url)
    database = Path(str(parsed.database)).absolute()
    if (kind := network_file_system(database.parent, table=mounts)) is not None:
        raise StoreRefused(
            f"{database} would lie on a network file system ({kind}), where SQLite loses data; choose a folder on a "
            "local disk with --data-dir, or name a Postgres database with CAVIAR_DATABASE_URL"
        )
    with _opened(database.with_name(database.name + ".server")) as claim:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.seek(0)
            raise StoreRefused(
                f"another server (process {claim.read().strip()}) uses {database}; stop it, choose another folder "
                "with --data-dir, or let several servers share a Postgres database"
            ) from None
        except OSError as error:
            reason = f"{database} cannot be locked: {error.strerror}; choose a folder on a local disk"
            raise StoreRefused(reason) from error
        claim.truncate(0)
        claim.write(f"{os.getpid()}\n")
        claim.flush()
        yield


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreRefused(f"{path} cannot be written: {error.strerror}; choose another data folder") from error
