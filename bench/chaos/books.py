"""The books agree with the trials: numbers, budget, counts, best, leaderboard; and every trial has come to its end."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from bench.chaos.acts import Acts
from bench.chaos.evidence import Told
from bench.chaos.findings import Fault, Finding
from caviar.states import OPEN_SEARCH_STATES, OPEN_STATES, RANKED_STATES, Origin, TrialState
from caviar.wire.trials import TrialDetail


def check(acts: Acts, told: Sequence[Told]) -> Iterator[Finding]:
    yield from _searches(acts, told)
    for one in told:
        name = f"search {one.search.id}"
        yield from (Finding(Fault.STUCK, f"{name}: {text}") for text in _stuck(one))
        yield from _numbers(one)
        yield from (Finding(Fault.UNEXPECTED, f"{name}: {text}") for text in [*_counts(one), *_leaderboard(one)])
        yield from _enqueued(acts, one)


def _searches(acts: Acts, told: Sequence[Told]) -> Iterator[Finding]:
    asked = sum(event["kind"] == "creating" for event in acts.users)
    if len(told) > asked:
        yield Finding(Fault.DUPLICATED, f"{asked} searches were submitted, {len(told)} are there")


def _stuck(one: Told) -> Iterator[str]:
    yield from (f"trial {trial.id} is still {trial.state}" for trial in one.trials if trial.state in OPEN_STATES)
    if one.search.state in OPEN_SEARCH_STATES:
        missing = one.search.trials - len(one.trials)
        yield f"it is still {one.search.state}, {missing} of its trials were never created ({one.search.waits_for})"


def _numbers(one: Told) -> Iterator[Finding]:
    budget, numbers = int(one.search.spec["trials"]), [trial.number for trial in one.trials]
    if len(numbers) > budget or one.search.trials != budget:
        text = f"{len(numbers)} trials and a budget of {one.search.trials}; {budget} were asked for"
        yield Finding(Fault.DUPLICATED, f"search {one.search.id} has {text}")
    elif len(numbers) < budget and one.search.state not in OPEN_SEARCH_STATES:
        yield Finding(Fault.LOST, f"search {one.search.id} ended with {len(numbers)} trials of {budget}")
    if numbers != list(range(len(numbers))):
        yield Finding(Fault.UNEXPECTED, f"search {one.search.id}: the numbers of its trials have gaps or repeat")


def _counts(one: Told) -> Iterator[str]:
    counted = Counter(trial.state for trial in one.trials)
    shown = one.search.counts.model_dump()
    if shown != {state.value: counted[state] for state in TrialState}:
        yield f"its counts are {shown}, its trials {dict(counted)}"
    ranked = [trial for trial in one.trials if trial.state in RANKED_STATES and not trial.diverged]
    best = min(ranked, key=_rank, default=None)
    named = None if one.search.best is None else one.search.best.trial
    if named != (None if best is None else best.id):
        yield f"its best is trial {named}, by the trials it is {None if best is None else best.id}"


def _leaderboard(one: Told) -> Iterator[str]:
    ranked = sorted((trial for trial in one.trials if trial.state in RANKED_STATES), key=_rank)
    if [row.id for row in one.leaderboard] != [trial.id for trial in ranked]:
        yield "the order of its leaderboard is not that of its trials"
    if [row.rank for row in one.leaderboard] != list(range(1, len(ranked) + 1)):
        yield "the ranks of its leaderboard are not 1, 2, 3 …"
    shown = {trial.id: trial for trial in ranked}
    for row in one.leaderboard:
        trial = shown.get(row.id)
        if trial is None or row.hyperparameters != trial.hyperparameters or not _same(row.value, trial.value):
            yield f"its leaderboard shows trial {row.id} otherwise than the trial itself"


def _rank(trial: TrialDetail) -> tuple[bool, float, int]:
    """Diverged last, ties by number. Every search of a run minimizes."""
    return trial.diverged, 0.0 if trial.diverged or trial.value is None else trial.value, trial.number


def _same(one: float, other: float | None) -> bool:
    return other is not None and (one == other or (math.isnan(one) and math.isnan(other)))


def _enqueued(acts: Acts, one: Told) -> Iterator[Finding]:
    """No more than somebody asked for: a request that was repeated under its key made one trial."""
    asked = [e["hyperparameters"] for e in acts.users if e["kind"] == "enqueueing" and e["search"] == one.search.id]
    found = [trial for trial in one.trials if trial.origin is Origin.ENQUEUED]
    for trial in found:
        if trial.hyperparameters not in asked:
            yield Finding(Fault.UNEXPECTED, f"trial {trial.id} was enqueued, but nobody asked for it")
    for hparams in asked:
        count = sum(trial.hyperparameters == hparams for trial in found)
        if count > asked.count(hparams):
            yield Finding(
                Fault.DUPLICATED, f"search {one.search.id}: {hparams} was enqueued once and is there {count} times"
            )
