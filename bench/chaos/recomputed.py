"""Every number is what the function gives, of hyperparameters inside the space, and somebody had said it."""

from collections.abc import Iterator, Mapping, Sequence

from bench.chaos import objective
from bench.chaos.acts import Acts
from bench.chaos.evidence import Told
from bench.chaos.findings import Fault, Finding
from caviar.states import AttemptOutcome, TrialState
from caviar.wire.trials import Report, TrialDetail

MOST_LOST = 3
"""A trial may be lost so often; the next loss fails it with lost_limit."""


def check(acts: Acts, told: Sequence[Told]) -> Iterator[Finding]:
    seeds: dict[str, set[int]] = {}
    for grant in acts.grants:
        seeds.setdefault(grant.trial, set()).add(grant.seed)
    for one in told:
        for trial in one.trials:
            yield from (Finding(Fault.UNEXPECTED, f"trial {trial.id}: {text}") for text in _trial(trial, seeds, acts))
            for report in one.reports[trial.id]:
                yield from _report(trial, report, seeds, acts)


def _trial(trial: TrialDetail, seeds: Mapping[str, set[int]], acts: Acts) -> Iterator[str]:
    """What is wrong with it."""
    if reason := objective.outside(trial.hyperparameters):
        yield reason
    mine = seeds.get(trial.id, set())
    if len(mine) > 1:
        yield f"its attempts got different seeds: {sorted(mine)}"
    if len(mine) != 1 or trial.state not in (TrialState.COMPLETED, TrialState.FAILED):
        return
    (seed,) = mine
    why = objective.breaks(trial.hyperparameters)
    if trial.state is TrialState.FAILED:
        yield from _failed(trial, why)
    elif why is not None:
        yield f"it is completed, but its hyperparameters raise: {why}"
    else:
        yield from _completed(trial, seed)


def _failed(trial: TrialDetail, why: str | None) -> Iterator[str]:
    assert trial.error is not None
    lost = sum(attempt.outcome is AttemptOutcome.LOST for attempt in trial.attempts)
    if trial.error.code == "lost_limit":
        if lost <= MOST_LOST:
            yield f"it failed with lost_limit after {lost} losses"
    elif trial.error.code != "exception" or why is None or why not in trial.error.detail:
        yield f"it failed with {trial.error.code}: {trial.error.detail[-200:]!r}, but the function gives {why!r}"


def _completed(trial: TrialDetail, seed: int) -> Iterator[str]:
    wanted = objective.wire(objective.result(trial.hyperparameters, seed=seed))
    shown = objective.wire(trial.metrics)
    if shown != wanted:
        yield f"its metrics are {shown}, the function gives {wanted}"
    value = None if trial.value is None else objective.wire({"value": trial.value})["value"]
    if value != wanted[objective.METRIC]:
        yield f"its value is {value}, the function gives {wanted[objective.METRIC]}"
    if trial.diverged is not isinstance(wanted[objective.METRIC], str):
        yield f"diverged is {trial.diverged}, its value {value}"


def _report(trial: TrialDetail, report: Report, seeds: Mapping[str, set[int]], acts: Acts) -> Iterator[Finding]:
    where = f"trial {trial.id}, attempt {report.attempt}, step {report.step}"
    said = acts.intents.get(("report", (trial.id, report.attempt)), [])
    shown = objective.wire(report.metrics)
    if not any(item["step"] == report.step and item["metrics"] == shown for item in said):
        yield Finding(Fault.UNEXPECTED, f"{where}: {shown} is there, but nobody said it")
    for seed in seeds.get(trial.id, set()):
        try:
            wanted = objective.wire(objective.metrics(trial.hyperparameters, seed=seed, step=report.step))
        except objective.Broken as error:
            yield Finding(Fault.UNEXPECTED, f"{where}: it has metrics, but the function raises: {error}")
        else:
            if shown != wanted:
                yield Finding(Fault.UNEXPECTED, f"{where}: {shown} is there, the function gives {wanted}")
