"""Train claimed trials: cut the claim into stacks and train each stack as one array."""

import os
import traceback
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from caviar.loop import Desk
from caviar.wire.protocol import ClaimedTrial
from trainer.budget import fitting_bytes
from trainer.hyperparameters import group_key
from trainer.split import Split
from trainer.stack import Member
from trainer.training import run
from worker.splits import split_for


def train(trials: Sequence[ClaimedTrial], desk: Desk, *, budget_bytes: int) -> None:
    """Train all of a claim's trials, stack by stack. One stack that cannot be trained leaves the others alone.

    `budget_bytes` is what the arrays of one stack may take; larger ones are cut.
    """
    for stack in stacks(trials):
        wanted = desk.wanted()
        members = [trial for trial in stack if trial.id in wanted]
        if members:
            _train_or_fail(members, desk, budget_bytes)


def stacks(trials: Sequence[ClaimedTrial]) -> Iterator[list[ClaimedTrial]]:
    """Trials with equal `stack` together; one whose stack the server could not tell stands alone."""
    ordered = sorted(trials, key=lambda trial: (trial.stack, trial.number))
    for key, group in groupby(ordered, key=lambda trial: trial.stack):
        members = list(group)
        yield from [members] if key else ([trial] for trial in members)


def _train_or_fail(stack: Sequence[ClaimedTrial], desk: Desk, budget_bytes: int) -> None:
    try:
        _train(stack, desk, budget_bytes)
    except Exception as error:
        # The edge of a stack. What we refuse on purpose is one sentence; anything else needs its traceback.
        reason = str(error) if isinstance(error, ValueError | LookupError) else traceback.format_exc()
        for trial in set(desk.open()) & {trial.id for trial in stack}:
            desk.fail(trial, reason)


def _train(stack: Sequence[ClaimedTrial], desk: Desk, budget_bytes: int) -> None:
    if stack[0].dataset is None:
        raise ValueError("the trainer mlp needs a dataset, and this search names none")
    split = split_for(stack[0].dataset)
    sizes: dict[str, int] = {}
    for trial in stack:
        try:
            sizes[trial.id] = fitting_bytes(budget_bytes, trial.hyperparameters, split)
        except (ValueError, LookupError) as error:
            desk.fail(trial.id, str(error))
    for part in within_budget([trial for trial in stack if trial.id in sizes], sizes, budget_bytes=budget_bytes):
        wanted = desk.wanted()
        if staying := [trial for trial in part if trial.id in wanted]:
            _train_together(staying, split, desk)


def within_budget(
    stack: Sequence[ClaimedTrial], sizes: Mapping[str, int], *, budget_bytes: int
) -> Iterator[list[ClaimedTrial]]:
    """The stack in parts that fit into memory, from the bytes of each trial by its id; those of one shape together."""
    part: list[ClaimedTrial] = []
    left = budget_bytes
    for trial in sorted(stack, key=lambda trial: group_key(trial.hyperparameters)):
        if part and sizes[trial.id] > left:
            yield part
            part, left = [], budget_bytes
        part.append(trial)
        left -= sizes[trial.id]
    if part:
        yield part


def quarter_of_memory() -> int:
    """Bytes: a quarter of what the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4


def _train_together(stack: Sequence[ClaimedTrial], split: Split, desk: Desk) -> None:
    members = [Member(hparams=trial.hyperparameters, seed=trial.seed) for trial in stack]

    def leaving() -> set[int]:
        wanted = desk.wanted()
        return {place for place, trial in enumerate(stack) if trial.id not in wanted}

    for reports in run(split, members, leaving=leaving):
        for report in reports:
            trial = stack[report.member].id
            desk.report(trial, step=report.epoch, metrics=report.metrics)
            if report.is_finished:
                desk.complete(trial, report.metrics)
