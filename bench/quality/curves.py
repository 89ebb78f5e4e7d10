"""Trials trained side by side with a look at each learning curve after every epoch, so that any may end early."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from bench.stacked import Training
from trainer.hyperparameters import stack_key
from trainer.stack import Member
from trainer.training import Report, run


@dataclass(frozen=True)
class Watched:
    """A trial to train. `stops(step, score)` is asked after every epoch; a lower score is better."""

    member: Member
    stops: Callable[[int, float], bool]


@dataclass(frozen=True)
class Ended:
    """How a trial ended: after so many epochs, with this loss on dev, infinite if it diverged.

    `test`: the loss on the test set; None for a trial that was stopped.
    """

    epochs: int
    loss: float
    is_stopped: bool
    test: float | None = None


def train(training: Training, trials: Sequence[Watched]) -> list[Ended]:
    """All of them, in as few stacks as can be; a trial that is stopped is not trained further."""

    def key(place: int) -> str:
        return stack_key(trials[place].member.hparams)

    ended: dict[int, Ended] = {}
    for _, group in groupby(sorted(range(len(trials)), key=key), key=key):
        places = list(group)
        found = _train_stack(training, [trials[place] for place in places])
        ended |= {places[k]: end for k, end in found.items()}
    return [ended[place] for place in range(len(trials))]


def _train_stack(training: Training, trials: Sequence[Watched]) -> dict[int, Ended]:
    ended: dict[int, Ended] = {}
    members = [trial.member for trial in trials]
    for reports in run(training.split, members, leaving=lambda: set(ended), watching=("dev",)):
        for report in reports:
            loss = _loss(report, training.metric)
            is_stopped = trials[report.member].stops(report.epoch, loss)
            if report.is_finished:
                test = _loss(report, training.metric.replace("dev_", "test_"))
                ended[report.member] = Ended(report.epoch, loss, is_stopped=False, test=test)
            elif is_stopped:
                ended[report.member] = Ended(report.epoch, loss, is_stopped=True)
    return ended


def _loss(report: Report, metric: str) -> float:
    return float("inf") if report.is_diverged else -report.metrics[metric]
