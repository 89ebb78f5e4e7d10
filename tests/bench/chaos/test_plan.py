"""When which fault happens."""

from collections import Counter
from dataclasses import replace

from bench.chaos.plan import FIRST, LAST, Targets, schedule
from bench.chaos.proxy import KINDS

TARGETS = Targets.usual(1000, has_server_of_its_own=True)


def test_every_fault_happens_as_often_as_wanted_and_before_the_end() -> None:
    planned = schedule(replace(TARGETS, worker_kills=7, dropped=20), seed=1)
    counts = Counter(fault.kind for fault in planned)
    assert counts["worker_kill"] == 7
    assert counts["drop_answer"] == 20
    assert counts["db_restart"] == TARGETS.db_restarts > 0
    assert set(KINDS) <= set(counts)
    assert [fault.progress for fault in planned] == sorted(fault.progress for fault in planned)
    assert all(FIRST <= fault.progress <= LAST or fault.kind == "enqueue" for fault in planned)


def test_a_seed_fixes_the_order() -> None:
    assert schedule(TARGETS, seed=3) == schedule(TARGETS, seed=3)
    assert schedule(TARGETS, seed=3) != schedule(TARGETS, seed=4)


def test_a_database_that_is_a_file_is_never_restarted() -> None:
    assert Targets.usual(100_000, has_server_of_its_own=False).db_restarts == 0
