"""Hints: said when most of the best lie at an end of a user's own range, and only then."""

import numpy as np
import pytest

from service.samplers.cube import Cube
from service.samplers.hints import AT_THE_END, BEST, FEWEST_RESULTS, MOST_OF, hints
from tests.service.samplers.play import a_space

SPACE = a_space(
    rate={"low": 1e-4, "high": 1.0, "scale": "log"},
    units={"low": 1, "high": 50, "type": "int"},
    layers={"low": 1, "high": 3, "type": "int"},
    size={"values": [32, 64, 128]},
)
CUBE = Cube(SPACE)


def best(rate: list[float], units: float = 0.5, others: float = 0.5) -> np.ndarray:
    positions = np.full((len(rate), 4), others)
    positions[:, 0], positions[:, 1] = rate, units
    return positions


def told(positions: np.ndarray, *, seen: int = FEWEST_RESULTS) -> list[str]:
    return list(hints(CUBE, positions, seen=seen))


@pytest.mark.parametrize(("end", "near"), [("upper", 1 - AT_THE_END / 2), ("lower", AT_THE_END / 2)])
def test_an_end_where_most_of_the_best_lie_is_named(end: str, near: float) -> None:
    said = [f"rate: the best lie at its {end} end; widen the range?"]
    assert told(best([near] * MOST_OF + [0.5] * (BEST - MOST_OF))) == said
    assert told(best([near] * (MOST_OF - 1) + [0.5] * (BEST - MOST_OF + 1))) == []


def test_only_the_best_count() -> None:
    assert told(best([0.5] * BEST + [1.0] * 50)) == []
    assert len(told(best([1.0] * BEST + [0.5] * 50))) == 1


def test_with_few_results_nothing_is_said() -> None:
    assert told(best([1.0] * BEST), seen=FEWEST_RESULTS - 1) == []
    assert told(best([1.0] * (MOST_OF - 1))) == []


def test_several_parameters_may_be_named() -> None:
    assert [hint.split(":")[0] for hint in told(best([1.0] * BEST, units=0.01))] == ["rate", "units"]


def test_a_choice_and_a_range_of_few_levels_have_no_end_to_speak_of() -> None:
    assert told(best([0.5] * BEST, others=0.99)) == []


def test_an_end_of_integers_is_at_least_its_last_level_however_wide_the_scale_makes_it() -> None:
    cube = Cube(a_space(units={"low": 1, "high": 100, "scale": "log", "type": "int"}))
    at_the_end = cube.positions([{"units": 1}] * BEST)
    assert at_the_end[0, 0] > AT_THE_END
    assert hints(cube, at_the_end, seen=FEWEST_RESULTS) == ["units: the best lie at its lower end; widen the range?"]
    assert hints(cube, cube.positions([{"units": 2}] * BEST), seen=FEWEST_RESULTS) == []
