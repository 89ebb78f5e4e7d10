"""Workers in virtual time, and what is left to chance in a run."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from bench.quality.chance import duration, observed
from bench.quality.tasks import Axis, Task
from bench.quality.world import run

TASK = Task("made up", [Axis("x", 50)], np.random.default_rng(0).normal(size=(50, 4)))
OTHER = Task("another", TASK.axes, TASK.losses)


class Listed:
    """Asks for a list of draws; with `is_serial` it waits until all before have finished."""

    def __init__(self, draws: list[float], *, is_serial: bool = False) -> None:
        self.draws, self.is_serial = draws, is_serial
        self.asked = 0
        self.told: list[tuple[int, float]] = []

    def ask(self) -> Mapping[str, Any] | None:
        if self.is_serial and len(self.told) < self.asked:
            return None
        self.asked += 1
        return {"x": self.draws[self.asked - 1]}

    def tell(self, number: int, loss: float) -> None:
        self.told.append((number, loss))


DRAWS = [(place * 7 % 50 + 0.5) / 50 for place in range(40)]


def test_the_same_configuration_gives_two_methods_the_same_value() -> None:
    one = run(Listed(DRAWS), TASK, seed=3, workers=8, trials=40)
    other = run(Listed(DRAWS[::-1]), TASK, seed=3, workers=1, trials=40)
    assert dict(zip(one.configurations, one.observed, strict=True)) == dict(
        zip(other.configurations, other.observed, strict=True)
    )


def test_an_observed_value_is_that_of_one_seed_and_all_seeds_occur() -> None:
    values = {observed(TASK, 0, configuration=7, again=again) for again in range(60)}
    assert values == set(TASK.losses[7])


def test_another_run_or_task_has_other_noise_and_durations() -> None:
    def noise(task: Task, seed: int) -> list[float]:
        return [observed(task, seed, configuration=place, again=0) for place in range(50)]

    assert noise(TASK, 0) == noise(TASK, 0)
    assert noise(TASK, 0) != noise(TASK, 1)
    assert noise(TASK, 0) != noise(OTHER, 0)
    assert duration(TASK, 0, configuration=1) != duration(TASK, 1, configuration=1)


def test_durations_are_log_normal_with_median_1() -> None:
    logarithms = np.log([duration(TASK, seed, configuration=place) for seed in range(20) for place in range(50)])
    assert np.median(logarithms) == pytest.approx(0, abs=0.05)
    assert logarithms.std() == pytest.approx(0.5, abs=0.05)


def test_a_search_that_never_waits_keeps_all_workers_busy() -> None:
    assert run(Listed(DRAWS), TASK, seed=0, workers=8, trials=40).utilisation == pytest.approx(1)


def test_a_search_that_waits_for_each_result_keeps_one_worker_of_two_busy() -> None:
    assert run(Listed(DRAWS, is_serial=True), TASK, seed=0, workers=2, trials=40).utilisation == pytest.approx(0.5)


def test_results_arrive_in_the_order_of_their_ends_and_all_of_them() -> None:
    searcher = Listed(DRAWS)
    run(searcher, TASK, seed=0, workers=40, trials=40)
    numbers = [number for number, _ in searcher.told]
    ends = [duration(TASK, 0, configuration=place * 7 % 50) for place in range(40)]
    assert numbers == sorted(range(40), key=lambda number: ends[number]) != list(range(40))


def test_a_search_that_waits_for_nothing_is_an_error() -> None:
    class Stuck(Listed):
        def ask(self) -> None:
            return None

    with pytest.raises(RuntimeError, match="waits after 0 of 5 trials"):
        run(Stuck([]), TASK, seed=0, workers=2, trials=5)
