"""Trials that are watched while they train give what they give alone."""

import pytest

from bench import ours
from bench.quality.curves import Watched, train
from bench.stacked import Training
from trainer.datasets import load
from trainer.split import split_table
from trainer.stack import Member

POINTS = [
    {"hidden_units": 4, "layers": 1, "batch_size": size, "epochs": 4, "learning_rate": 0.02} for size in (16, 32, 16)
]


@pytest.fixture(scope="module")
def training() -> Training:
    return Training(split_table(load("iris"), seed=0), "dev_accuracy")


def never(step: int, score: float) -> bool:
    return False


def test_trials_that_run_to_their_end_have_the_losses_they_have_alone(training: Training) -> None:
    members = [Member(point, seed) for seed, point in enumerate(POINTS)]
    for member, ended in zip(members, train(training, [Watched(each, never) for each in members]), strict=True):
        (alone,) = ours.last_reports(training.split, [member])
        assert (ended.epochs, ended.is_stopped) == (4, False)
        assert (ended.loss, ended.test) == (-alone.metrics["dev_accuracy"], -alone.metrics["test_accuracy"])


def test_a_stopped_trial_is_trained_no_further_and_has_the_loss_of_that_step(training: Training) -> None:
    seen: list[tuple[int, float]] = []

    def at_2(step: int, score: float) -> bool:
        seen.append((step, score))
        return step == 2

    members = [Member(point, 0) for point in POINTS]
    stopped, *others = train(training, [Watched(members[0], at_2), *(Watched(each, never) for each in members[1:])])
    assert [step for step, _ in seen] == [1, 2]
    assert (stopped.epochs, stopped.is_stopped, stopped.loss, stopped.test) == (2, True, seen[-1][1], None)
    assert others == train(training, [Watched(each, never) for each in members[1:]])


def test_a_stop_at_the_last_epoch_changes_nothing(training: Training) -> None:
    member = Member(POINTS[0], 0)
    assert train(training, [Watched(member, lambda step, _: step == 4)]) == train(training, [Watched(member, never)])


def test_a_trial_that_diverges_has_an_infinite_loss(training: Training) -> None:
    diverging = {**POINTS[0], "learning_rate": 1e30, "optimizer": "gradient_descent", "batch_norm": False}
    (ended,) = train(training, [Watched(Member(diverging, 0), never)])
    assert ended.loss == float("inf")
