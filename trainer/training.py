"""Training a stack to its end, epoch by epoch.

What a caller writes:

    for reports in run(split, members, leaving=stopped):
        for report in reports:
            print(report.member, report.epoch, report.metrics["dev_accuracy"])
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from trainer import network
from trainer.evaluation import evaluate
from trainer.network import Networks
from trainer.split import Part, Split
from trainer.stack import Member, Stack, begin, keep, train_epoch


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one member says after an epoch, which is counted from 1.

    `member` is its place among the members that `run` was given, whoever has left since. `metrics` are train_ and dev_
    ones, and test_ ones too in a member's last report, the one that `is_finished`: it has reached its epochs, or it
    diverged, and then every metric is NaN.
    """

    member: int
    epoch: int
    metrics: dict[str, float]
    is_finished: bool
    is_diverged: bool


def nobody() -> Collection[int]:
    """The members that leave early, when nobody stops any."""
    return ()


def run(
    split: Split, members: Sequence[Member], *, leaving: Callable[[], Collection[int]] = nobody
) -> Iterator[list[Report]]:
    """Train all members; give one list of reports per epoch, in their order.

    After each list was dealt with, `leaving` is asked once which members, by their place among `members`, are not to be
    trained further; the caller may name any at any time, also such as have finished. The others' numbers do not change.
    Raises ValueError at once if the members cannot be trained together.
    """
    return _epochs(begin(split, members), split, leaving)


def _epochs(stack: Stack, split: Split, leaving: Callable[[], Collection[int]]) -> Iterator[list[Report]]:
    places = list(range(len(stack.members)))
    while places:
        stack = train_epoch(stack, split)
        reports = _reports(stack, split, places)
        yield reports
        gone = {report.member for report in reports if report.is_finished} | set(leaving())
        staying = [k for k, place in enumerate(places) if place not in gone]
        stack, places = keep(stack, staying), [places[k] for k in staying]


def _reports(stack: Stack, split: Split, places: Sequence[int]) -> list[Report]:
    """One report per network of the stack; `places` says which members they are."""
    metrics = _measured(stack.networks, train=split.train, dev=split.dev)
    has_diverged = [any(math.isnan(value) for value in measured.values()) for measured in metrics]
    is_finished = [
        diverged or epoch >= member.hparams["epochs"]
        for diverged, epoch, member in zip(has_diverged, stack.epochs, stack.members, strict=True)
    ]
    last = [k for k, finished in enumerate(is_finished) if finished]
    for k, final in zip(last, _measured(network.keep(stack.networks, last), test=split.test), strict=True):
        metrics[k] |= final
    return [
        Report(
            member=place,
            epoch=stack.epochs[k],
            metrics=dict.fromkeys(metrics[k], math.nan) if has_diverged[k] else metrics[k],
            is_finished=is_finished[k],
            is_diverged=has_diverged[k],
        )
        for k, place in enumerate(places)
    ]


def _measured(networks: Networks, **parts: Part) -> list[dict[str, float]]:
    """Per network its metrics on every part, named train_cost, dev_accuracy and so on."""
    measured: list[dict[str, float]] = [{} for _ in networks.params]
    for part_name, part in parts.items():
        for k, metrics in enumerate(evaluate(networks, part.x, part.y)):
            measured[k] |= {f"{part_name}_{name}": value for name, value in metrics.items()}
    return measured
