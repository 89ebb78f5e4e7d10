"""The benchmark of importances measures what it says."""

from bench.importances import measure


def test_a_small_search_is_filled_read_and_judged() -> None:
    ours, _ = measure(60)
    assert ours > 0
