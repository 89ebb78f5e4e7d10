"""Workers that only say they are alive."""

import pytest

from bench.queue_cost import heartbeats
from bench.queue_cost.heartbeats import Heartbeats
from bench.queue_cost.stores import stores


def test_every_worker_keeps_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "EVERY_SECONDS", 0.2)
    with stores("sqlite") as new_store:
        found = heartbeats.heartbeats(new_store, workers=4, beats=3)
    assert len(found.seconds) == 12
    assert all(0 < seconds < 10 for seconds in found.seconds)
    assert 0 <= found.cpu_share < 2


def test_what_is_answered_in_exactly_a_second_is_in_time() -> None:
    found = Heartbeats([0.5, 1.0, 1.001, 3.0], cpu_share=0.1)
    assert found.in_time == 0.5
    assert 1.001 < found.p99 < 3.0
