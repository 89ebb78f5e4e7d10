"""A PostgreSQL that survives what it promises to survive: fsync and synchronous_commit as they are by default.

It is stopped as `pg_ctl stop -m immediate` does, without a checkpoint and with every connection cut, and started again.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.postgres import Postgres, prepare, unprivileged, wait_until_ready, watched


class Cluster:
    """`url` stays the same over restarts."""

    def __init__(self, folder: Path, command: list[str | Path], owner: dict[str, Any]) -> None:
        self._folder, self._command, self._owner = folder, command, owner
        self._life = ExitStack()
        self._postgres = Postgres(folder, count(1))
        self.url = self._postgres.url("postgres")

    def start(self) -> None:
        """Returns when it takes connections."""
        log = self._life.enter_context((self._folder / "log").open("ab"))
        # The watcher removes a folder at the end of each life; the cluster is to outlive it.
        no_folder = self._folder / "none"
        running = watched(self._command, no_folder, stdout=log, stderr=log, **self._owner)
        self._process = self._life.enter_context(running)
        wait_until_ready(self._postgres, self._process, self._folder / "log")

    def restart_immediately(self) -> None:
        os.kill(self._process.pid, signal.SIGQUIT)
        self._life.close()
        self.start()

    def version(self) -> str:
        with self._postgres.connect() as connection:
            (found,) = connection.execute("SHOW server_version").fetchone() or ("unknown",)
            return str(found)

    def stop(self) -> None:
        self._life.close()


@contextmanager
def running_cluster(version: int = 16) -> Iterator[Cluster]:
    """Stopped and removed at the end."""
    folder, owner = Path(tempfile.mkdtemp(prefix="caviar-pg-")), unprivileged()
    try:
        os.chown(folder, owner.get("user", -1), owner.get("group", -1))
        cluster = Cluster(folder, prepare(version, folder, owner, settings={}), owner)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
