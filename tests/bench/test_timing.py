"""Sides take turns."""

from bench.timing import take_turns


def test_the_order_turns_around_from_round_to_round() -> None:
    calls: list[str] = []
    times = take_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert calls == ["a", "b", "a", "b", "b", "a", "a", "b"]
    assert {name: len(seconds) for name, seconds in times.items()} == {"a": 3, "b": 3}


def test_warm_sides_are_not_warmed_up() -> None:
    calls: list[str] = []
    take_turns({"a": lambda: calls.append("a")}, rounds=1, is_warm=True)
    assert calls == ["a"]
