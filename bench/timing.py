"""Times that can be compared on a machine that is not quiet: the sides take turns, round after round."""

import time
from collections.abc import Callable, Mapping

Work = Callable[[], object]


def seconds(work: Work) -> float:
    """How long it takes, once."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def take_turns(sides: Mapping[str, Work], *, rounds: int, is_warm: bool = False) -> dict[str, list[float]]:
    """Seconds of every side, one for each round, in an order that turns around from round to round.

    Unless all of them are warm, each works once before, without a clock: it loads, compiles and allocates.
    """
    for work in () if is_warm else sides.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides) if number % 2 == 0 else reversed(list(sides)):
            times[name].append(seconds(sides[name]))
    return times
