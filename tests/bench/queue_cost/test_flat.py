"""Calls behind few and many finished trials, on clocks of their own."""

import pytest

from bench.queue_cost.flat import VERBS, Behind, Flatness, flatness
from bench.queue_cost.stores import stores


def test_every_call_goes_to_every_server() -> None:
    with stores("sqlite") as new_store:
        found = flatness(new_store, sizes=(20, 5), calls=3)
    assert list(found.behind) == [5, 20]
    for behind in found.behind.values():
        assert {verb: len(clocks) for verb, clocks in behind.seconds.items()} == dict.fromkeys(VERBS, 3)
        assert all(0 < seconds < 5 for clocks in behind.seconds.values() for seconds in clocks)
        assert 20 < behind.memory_mb < 1000


def test_a_ratio_is_that_of_the_medians_behind_most_and_fewest() -> None:
    few = Behind({"claim": [1.0, 2.0, 90.0]}, memory_mb=100)
    some = Behind({"claim": [50.0, 50.0, 50.0]}, memory_mb=500)
    many = Behind({"claim": [3.0, 2.0, 9.0]}, memory_mb=120)
    found = Flatness({10: few, 100: some, 1000: many})
    assert found.ratio("claim") == 1.5
    assert found.memory() == 1.2


def test_the_99th_percentile_leaves_one_call_of_a_hundred_out() -> None:
    behind = Behind({"claim": [0.001 * n for n in range(101)]}, memory_mb=1)
    assert behind.p50("claim") == pytest.approx(0.050)
    assert behind.p99("claim") == pytest.approx(0.099)
