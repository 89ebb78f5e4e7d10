"""Training a stack to its end, epoch by epoch.

What a caller writes:

    for reports in run(split, members, leaving=stopped):
        for report in reports:
            print(report.member, report.epoch, report.metrics["dev_accuracy"])
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trainer.batches import steps_behind
from trainer.epoch import train_epoch
from trainer.evaluation import evaluate
from trainer.hyperparameters import batch_size, group_key
from trainer.memory import Reused
from trainer.network import Networks
from trainer.split import Part, Split
from trainer.stack import Member, Stack, begin, change, keep, network_of
from trainer.workspace import Workspaces

Changes = Mapping[int, Mapping[str, float]]
"""Member -> hyperparameters that it has from the next epoch on, such as a learning rate set by hand."""


@dataclass(frozen=True)
class Best:
    """The epoch with the lowest dev cost, and the network (K = 1) as it was then: what early stopping goes back to."""

    dev_cost: float
    epoch: int
    network: Networks


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one member says after an epoch, which is counted from 1.

    `member` is its place among the members that `run` was given, whoever has left since. `metrics` are train_ and dev_
    ones, and test_ ones too in a member's last report, the one that `is_finished`: it has reached its epochs, or its
    patience was used up, or it diverged, and then every metric is NaN and `diverged_at` the step, counted from 1, whose
    gradient was the first not to be finite. `gradient_norms` are those of every layer's weights in the last step: near
    0 where gradients vanish, huge where they explode. `network` (K = 1) is the finished one, in the last report alone;
    with patience it is that of `best_epoch`, and the last report's metrics are too. `batch_size` is what a step really
    took: all examples where more were asked for.
    """

    member: int
    epoch: int
    metrics: dict[str, float]
    is_finished: bool
    is_diverged: bool
    diverged_at: int = 0
    gradient_norms: tuple[float, ...] = ()
    best_epoch: int = 0
    batch_size: int = 0
    network: Networks | None = field(default=None, compare=False)


def nobody() -> Collection[int]:
    """The members that leave early, when nobody stops any."""
    return ()


def no_changes() -> Changes:
    """What changes between epochs, when nothing does."""
    return {}


def run(
    split: Split,
    members: Sequence[Member],
    *,
    leaving: Callable[[], Collection[int]] = nobody,
    changing: Callable[[], Changes] = no_changes,
    watching: Sequence[str] = ("train", "dev"),
) -> Iterator[list[Report]]:
    """Train all members; give one list of reports per epoch, in their order.

    After each list was dealt with, `leaving` is asked once which members, by their place among `members`, are not to be
    trained further; the caller may name any at any time, also such as have finished. The others' numbers do not change.
    Then `changing` is asked what to change in those that stay. `watching` says which parts are evaluated after every
    epoch, as `Split.watched` has them; dev always is. The last report has all parts in full.
    Raises ValueError at once if the members cannot be trained together.
    """
    # Networks of one architecture are neighbours in the stack, whatever their order here.
    places = sorted(range(len(members)), key=lambda place: group_key(members[place].hparams))
    stack = begin(split, [members[place] for place in places])
    return _Run(stack, places, split, watching).epochs(leaving, changing)


class _Run:
    """The state of one `run`: who is left, and what is best so far."""

    def __init__(self, stack: Stack, places: list[int], split: Split, watching: Sequence[str]) -> None:
        self._stack, self._places, self._split, self._watching = stack, places, split, watching
        self._bests: dict[int, Best] = {}
        self._workspaces, self._memory = Workspaces(), Reused()

    def epochs(self, leaving: Callable[[], Collection[int]], changing: Callable[[], Changes]) -> Iterator[list[Report]]:
        while self._places:
            self._stack = train_epoch(self._stack, self._split, workspaces=self._workspaces)
            reports = sorted(self._reports(), key=lambda report: report.member)
            yield reports
            gone = {report.member for report in reports if report.is_finished} | set(leaving())
            staying = [k for k, place in enumerate(self._places) if place not in gone]
            if len(staying) < len(self._places):
                self._stack, self._places = keep(self._stack, staying), [self._places[k] for k in staying]
                self._memory = Reused()
            for place, hparams in changing().items():
                if place in self._places:
                    self._stack = change(self._stack, self._places.index(place), **hparams)

    def _reports(self) -> list[Report]:
        """One report per network of the stack."""
        stack = self._stack
        # Dev decides who has diverged and whose patience ends, whether it is watched or not.
        watched = {name: part for name, part in self._split.watched.items() if name in {*self._watching, "dev"}}
        metrics = self._measured([group.networks for group in stack.groups], watched)
        has_diverged = [any(math.isnan(value) for name, value in each.items() if "cost" in name) for each in metrics]
        bests = [
            self._best(k, each["dev_cost"]) if stack.members[k].hparams["patience"] and not has_diverged[k] else None
            for k, each in enumerate(metrics)
        ]
        last = [k for k, best in enumerate(bests) if has_diverged[k] or self._is_over(k, best)]
        finished = self._finished(last, bests, metrics)
        norms = [row.tolist() for group in stack.groups for row in group.gradient_norms]
        return [
            Report(
                member=place,
                epoch=stack.epochs[k],
                metrics=dict.fromkeys(metrics[k], math.nan) if has_diverged[k] else metrics[k],
                is_finished=k in finished,
                is_diverged=has_diverged[k],
                diverged_at=stack.diverged_at[k] or steps_behind(stack, k, self._split) if has_diverged[k] else 0,
                gradient_norms=tuple(norms[k]),
                best_epoch=best.epoch if best else stack.epochs[k],
                batch_size=batch_size(stack.members[k].hparams, n_examples=len(self._split.train.y)),
                network=finished.get(k),
            )
            for k, (place, best) in enumerate(zip(self._places, bests, strict=True))
        ]

    def _is_over(self, k: int, best: Best | None) -> bool:
        """Whether a member has reached its epochs, or used up its patience."""
        hparams, epoch = self._stack.members[k].hparams, self._stack.epochs[k]
        return epoch >= hparams["epochs"] or (best is not None and epoch - best.epoch >= hparams["patience"])

    def _finished(
        self, last: Sequence[int], bests: Sequence[Best | None], metrics: list[dict[str, float]]
    ) -> dict[int, Networks]:
        """The finished networks by their place in the stack; all their metrics are written among `metrics`."""
        if not last:
            return {}
        each = {k: best.network if (best := bests[k]) else network_of(self._stack, k) for k in last}
        measured = self._measured(list(each.values()), self._split.parts)
        for k, more in zip(last, measured, strict=True):
            metrics[k] |= more
        return each

    def _best(self, k: int, dev_cost: float) -> Best:
        """The best epoch of a member so far, this one included."""
        place = self._places[k]
        best = self._bests.get(place)
        if best is None or dev_cost < best.dev_cost:
            best = Best(dev_cost, self._stack.epochs[k], network_of(self._stack, k))
        self._bests[place] = best
        return best

    def _measured(self, groups: Sequence[Networks], parts: Mapping[str, Part]) -> list[dict[str, float]]:
        return evaluate(groups, parts, scale=self._split.scale, memory=self._memory)
