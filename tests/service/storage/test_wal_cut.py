"""A power cut loses the end of SQLite's write-ahead log: whatever is left of it holds all that was answered by then."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.storage import claims, outcomes, reports, tables
from service.storage.database import Database
from tests.service.audit import audit
from tests.service.desk import START, TTL, Desk, a_claim, a_report, an_outcome

HEADER, FRAME = 32, 24 + 4096
WRITERS = 4
ROOT = Path(__file__).parents[3]
Fact = tuple[str, int]
"""What was answered, and the trial it is about."""

RECORDER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* How long the write-ahead log was when it was last made safe: all after that is lost with the power. */
static int recorded(int fd, const char *name) {
    struct stat before;
    fstat(fd, &before);
    int (*real)(int) = dlsym(RTLD_NEXT, name);
    int done = real(fd);
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (done == 0 && length > 4 && memcmp(path + length - 4, "-wal", 4) == 0) {
        int log = open(getenv("SYNC_LOG"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dprintf(log, "%lld", (long long)before.st_size);
        close(log);
    }
    return done;
}
int fsync(int fd) { return recorded(fd, "fsync"); }
int fdatasync(int fd) { return recorded(fd, "fdatasync"); }
"""


def with_a_log_that_only_grows(database: Database, *, synchronous: str = "FULL") -> Database:
    """Its file is not touched meanwhile, so a copy of it and of any part of the log is what a power cut may leave."""

    @sa.event.listens_for(database._writer, "connect")
    def configure(connection: Any, _entry: Any) -> None:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        if synchronous != "FULL":
            connection.execute(f"PRAGMA synchronous = {synchronous}")

    return database


def work(database: Database, answered: Callable[[Fact], None]) -> None:
    """Claim, report and finish until nothing is left, and tell of every answer when it comes."""
    while True:
        claim = partial(claims.claim, request=a_claim(capacity=2), search_id=None, ttl=TTL, now=START)
        grants = database.run(claim)
        if not grants:
            return
        for grant in grants:
            answered(("claimed", grant.trial.id))
        said = [a_report(grant, 1, score=0.5) for grant in grants]
        database.run(partial(reports.report, items=said, ttl=TTL, now=START))
        for grant in grants:
            answered(("reported", grant.trial.id))
        ended = [an_outcome(grant) for grant in grants]
        database.run(partial(outcomes.finish, items=ended, ttl=TTL, now=START))
        for grant in grants:
            answered(("finished", grant.trial.id))


def stored(file: Path) -> set[Fact]:
    """What a server finds that starts on these files, which are whole."""
    with closing(Database(f"sqlite:///{file}")) as database:
        audit(database)
        trial = tables.trial.c
        with database.read() as tx:
            assert tx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            found = {("claimed", key) for key in tx.execute(sa.select(tables.attempt.c.trial_id)).scalars()}
            found |= {("reported", key) for key in tx.execute(sa.select(tables.report.c.trial_id)).scalars()}
            ended = tx.execute(sa.select(trial.id).where(trial.state == "completed", trial.value == 0.5))
            return found | {("finished", key) for key in ended.scalars()}


def after_a_power_cut(file: Path, folder: Path, *, at: int) -> set[Fact]:
    """What is stored where only so many bytes of the log are left."""
    folder.mkdir()
    shutil.copy(file, folder)
    log = file.with_name(file.name + "-wal").read_bytes()
    (folder / (file.name + "-wal")).write_bytes(log[:at])
    found = stored(folder / file.name)
    shutil.rmtree(folder)
    return found


def a_file(url: str, tmp_path: Path, *, trials: int) -> Path:
    """A store with so many queued trials and no log."""
    with closing(Database(url)) as database:
        Desk(database).search(queued=trials, parallel=trials)
    return tmp_path / "caviar.db"


def cut_at_each(url: str, tmp_path: Path, *, trials: int, cuts: int | None) -> None:
    """Several workers at once, so that groups are committed; then the log is cut, at frames and within them."""
    file = a_file(url, tmp_path, trials=trials)
    log, lock = file.with_name(file.name + "-wal"), threading.Lock()
    answers: list[tuple[int, Fact]] = []

    def answered(fact: Fact) -> None:
        with lock:
            answers.append((log.stat().st_size, fact))

    with closing(with_a_log_that_only_grows(Database(url))) as database:
        with ThreadPoolExecutor(WRITERS) as pool:
            for done in [pool.submit(work, database, answered) for _ in range(WRITERS)]:
                done.result()
        assert len(answers) == 3 * trials
        frames, rest = divmod(log.stat().st_size - HEADER, FRAME)
        assert rest == 0
        sizes = set()
        for frame in range(0, frames + 1, 1 if cuts is None else max(1, frames // cuts)):
            # Every other cut falls into a frame, of which then nothing counts.
            at = HEADER + frame * FRAME + (frame % 2) * 100
            found = after_a_power_cut(file, tmp_path / "cut", at=at)
            assert {fact for size, fact in answers if size <= at} <= found
            sizes.add(len(found))
        whole = after_a_power_cut(file, tmp_path / "cut", at=log.stat().st_size)
    assert whole == {fact for _, fact in answers}
    assert min(sizes) == 0
    assert len(sizes) > 5


def test_what_was_answered_is_in_whatever_is_left_of_the_log(sqlite_store_url: str, tmp_path: Path) -> None:
    cut_at_each(sqlite_store_url, tmp_path, trials=60, cuts=20)


@pytest.mark.long
def test_what_was_answered_is_in_whatever_is_left_of_the_log_at_every_frame(
    sqlite_store_url: str, tmp_path: Path
) -> None:
    cut_at_each(sqlite_store_url, tmp_path, trials=100, cuts=None)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that records what has been made safe on the disk, for a process that loads it before all others."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs Linux and a C compiler named cc: it records when a file is made safe on the disk")
    folder = tmp_path_factory.mktemp("recorder")
    source, library = folder / "recorder.c", folder / "recorder.so"
    source.write_text(RECORDER)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


SERVER = """
import json, os, sys
from pathlib import Path
from service.storage.database import Database
from tests.service.storage.test_wal_cut import with_a_log_that_only_grows, work

safe = Path(os.environ["SYNC_LOG"])

def answered(fact):
    print(json.dumps([int(safe.read_text()) if safe.exists() else 0, fact]))

work(with_a_log_that_only_grows(Database(sys.argv[1]), synchronous=sys.argv[2]), answered)
sys.stdout.flush()
os._exit(0)
"""


def lost_with_the_power(url: str, tmp_path: Path, recorder: Path, *, synchronous: str) -> tuple[int, int]:
    """How many answers were given, and how many of them a power cut right after one of them would have lost."""
    file = a_file(url, tmp_path, trials=12)
    environment = os.environ | {"LD_PRELOAD": str(recorder), "SYNC_LOG": str(tmp_path / "safe")}
    command = [sys.executable, "-c", SERVER, url, synchronous]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    answers = [(size, (kind, trial)) for size, (kind, trial) in map(json.loads, done.stdout.splitlines())]
    lost = set[Fact]()
    for place in range(0, len(answers), 3):
        found = after_a_power_cut(file, tmp_path / "cut", at=answers[place][0])
        lost |= {fact for _, fact in answers[: place + 1]} - found
    return len(answers), len(lost)


def test_what_was_answered_is_safe_on_the_disk_by_then(sqlite_store_url: str, tmp_path: Path, recorder: Path) -> None:
    assert lost_with_the_power(sqlite_store_url, tmp_path, recorder, synchronous="FULL") == (36, 0)


def test_the_same_without_waiting_for_the_disk_would_lose_answers(
    sqlite_store_url: str, tmp_path: Path, recorder: Path
) -> None:
    """The control: the test above can fail."""
    answers, lost = lost_with_the_power(sqlite_store_url, tmp_path, recorder, synchronous="OFF")
    assert answers == 36
    assert lost > 30
