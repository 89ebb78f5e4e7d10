"""`caviar serve` as a process on a free port, and what the kernel says of it (Linux)."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from caviar.processes import ready_url, start, stop

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    pid: int

    def memory_mb(self) -> float:
        """What of it is in memory now (VmRSS)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

    def cpu_seconds(self) -> float:
        """What it has used since it began, by itself and in the kernel."""
        # The second word is the program's name in brackets, and may hold anything but the last bracket.
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICKS


@contextmanager
def served(database_url: str) -> Iterator[Served]:
    """Nothing of the user's own: the folder is temporary, and every setting but the database is the default."""
    with TemporaryDirectory(prefix="caviar-bench-") as folder, Path(folder, "log").open("w+", encoding="utf-8") as log:
        settings = {"CAVIAR_DATA_DIR": folder, "CAVIAR_DATABASE_URL": database_url, "CAVIAR_HOST": "127.0.0.1"}
        server = start("serve", "--json", "--port", "0", settings=settings, log=log)
        try:
            yield Served(ready_url(server), server.pid)
        finally:
            stop([server])


class CpuShare:
    """How much of one core a server uses from now on."""

    def __init__(self, server: Served) -> None:
        self._server, self._used, self._began = server, server.cpu_seconds(), time.monotonic()

    def so_far(self) -> float:
        return (self._server.cpu_seconds() - self._used) / (time.monotonic() - self._began)
