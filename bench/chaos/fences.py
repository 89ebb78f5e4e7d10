"""At most one holder of a trial: attempts rise, no attempt was granted twice, and a superseded one can say nothing."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bench.chaos.acts import Acts, Attempt, Grant, Word
from bench.chaos.evidence import Told
from bench.chaos.findings import Fault, Finding
from caviar.states import OPEN_STATES, RANKED_STATES, AttemptOutcome
from caviar.wire.trials import TrialDetail

_RESULTS = {AttemptOutcome.COMPLETED, AttemptOutcome.STOPPED}


def check(acts: Acts, told: Sequence[Told]) -> Iterator[Finding]:
    yield from _granted_once(acts)
    yield from _superseded(acts)
    for one in told:
        for trial in one.trials:
            yield from _attempts(trial)


def _granted_once(acts: Acts) -> Iterator[Finding]:
    """A replay under the same key is the same grant."""
    holders: dict[Attempt, set[tuple[str, str]]] = {}
    for grant in acts.grants:
        holders.setdefault((grant.trial, grant.attempt), set()).add((grant.worker, grant.key))
    for (trial, attempt), found in holders.items():
        if len(found) > 1:
            yield Finding(Fault.DUPLICATED, f"attempt {attempt} of trial {trial} was granted to {sorted(found)}")
    by_trial: dict[str, list[Grant]] = {}
    for grant in acts.grants:
        by_trial.setdefault(grant.trial, []).append(grant)
    for trial, grants in by_trial.items():
        # Of two claims that were under way at once it is not known which came first.
        for one, other in pairwise(sorted(grants, key=lambda grant: grant.at)):
            if other.sent_at > one.at and other.key != one.key and other.attempt <= one.attempt:
                yield Finding(
                    Fault.DUPLICATED, f"trial {trial}: attempt {other.attempt} was granted after {one.attempt}"
                )


def _superseded(acts: Acts) -> Iterator[Finding]:
    """What an attempt says after a later one was granted is never answered ok, but for an outcome said again."""
    granted: dict[str, list[Grant]] = {}
    for grant in acts.grants:
        granted.setdefault(grant.trial, []).append(grant)
    for word in acts.words:
        later = [g for g in granted.get(word.trial, ()) if g.attempt > word.attempt and g.at < word.sent_at]
        if later and word.status == "ok" and word.outcome != "returned":
            yield Finding(Fault.DUPLICATED, _told(word, later[0]))


def _told(word: Word, later: Grant) -> str:
    what = f"a {word.call} of attempt {word.attempt}" + ("" if word.step is None else f", step {word.step},")
    return (
        f"trial {word.trial}: {what} was answered ok after attempt {later.attempt} had been granted to {later.worker}"
    )


def _attempts(trial: TrialDetail) -> Iterator[Finding]:
    numbers = [attempt.attempt for attempt in trial.attempts]
    if numbers != list(range(1, len(numbers) + 1)):
        yield Finding(Fault.UNEXPECTED, f"trial {trial.id} has the attempts {numbers}")
    results = [attempt.attempt for attempt in trial.attempts if attempt.outcome in _RESULTS]
    if len(results) > 1:
        yield Finding(Fault.DUPLICATED, f"trial {trial.id} has results of the attempts {results}")
    if (trial.state in RANKED_STATES) != bool(results):
        yield Finding(Fault.UNEXPECTED, f"trial {trial.id} is {trial.state} with results of the attempts {results}")
    running = [attempt.attempt for attempt in trial.attempts if attempt.outcome is AttemptOutcome.RUNNING]
    if running and trial.state not in OPEN_STATES:
        yield Finding(Fault.UNEXPECTED, f"trial {trial.id} is {trial.state}, but attempt {running[0]} still runs")
