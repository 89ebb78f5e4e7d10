"""A power cut, as a SQLite database sees it: what was written after a file's last fsync is gone.

The server runs with a small C library preloaded that copies each database file at each of its syncs. To cut the power
is to kill the server and to put those copies in the place of the files.
"""

import shutil
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("synced.c")
COMPILER = "cc"


def is_possible() -> bool:
    """Whether this machine has a C compiler."""
    return shutil.which(COMPILER) is not None


def preload(folder: Path) -> dict[str, str]:
    """The environment of a server whose power can be cut. Raises RuntimeError where the library cannot be built."""
    library = folder / "synced.so"
    command = [COMPILER, "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE), "-ldl"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise RuntimeError(f"a power cut needs a C compiler: there is no {COMPILER} on this machine") from None
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{_SOURCE.name} was not compiled: {error.stderr}") from error
    return {"LD_PRELOAD": str(library)}


def cut(database: Path) -> None:
    """Call it when the server is dead."""
    for path in (database, database.with_name(database.name + "-wal")):
        path.unlink(missing_ok=True)
        synced = path.with_name(path.name + ".synced")
        if synced.exists():
            shutil.copyfile(synced, path)
    database.with_name(database.name + "-shm").unlink(missing_ok=True)
