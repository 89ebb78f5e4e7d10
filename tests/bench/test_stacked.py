"""A search that trains in this process: every trial gives what it would give alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from bench import ours
from bench.stacked import Training, search
from service.samplers.streams import trial_seed
from trainer.datasets import load
from trainer.split import split_table
from trainer.stack import Member

POINTS = [
    {"hidden_units": 4, "layers": layers, "batch_size": size, "epochs": 2, "learning_rate": 0.02}
    for size in (16, 32, 16)
    for layers in (1, 2)
]


@pytest.fixture(scope="module")
def training() -> Training:
    return Training(split_table(load("iris"), seed=0), "dev_accuracy")


class Listed:
    def __init__(self, *, is_stuck: bool = False) -> None:
        self.asked, self.told, self.is_stuck = 0, dict[int, float](), is_stuck

    def ask(self) -> Mapping[str, Any] | None:
        if self.is_stuck:
            return None
        self.asked += 1
        return POINTS[self.asked - 1]

    def tell(self, number: int, loss: float) -> None:
        self.told[number] = loss


def test_each_trial_has_its_own_seed_and_gives_what_it_gives_alone(training: Training) -> None:
    searcher = Listed()
    searched = search(searcher, training, seed=7, trials=6, at_once=4)
    assert searched.points == POINTS
    assert searcher.told == dict(enumerate(searched.losses))
    for number, point in enumerate(POINTS):
        (alone,) = ours.last_reports(training.split, [Member(point, trial_seed(seed=7, number=number))])
        assert searched.losses[number] == -alone.metrics["dev_accuracy"]


def test_a_trial_that_diverges_has_an_infinite_loss(training: Training) -> None:
    diverging = {**POINTS[0], "learning_rate": 1e30, "optimizer": "gradient_descent", "batch_norm": False}
    assert training.losses([Member(diverging, 0), Member(POINTS[0], 0)])[0] == float("inf")


def test_a_search_that_waits_for_nothing_is_an_error(training: Training) -> None:
    with pytest.raises(RuntimeError, match="the search waits"):
        search(Listed(is_stuck=True), training, seed=0, trials=2, at_once=2)
