"""What was acknowledged is there, exactly as it was: finishes, reports, searches, enqueued and cancelled trials."""

from collections.abc import Iterator, Mapping, Sequence

from bench.chaos import objective
from bench.chaos.acts import Acts, Word
from bench.chaos.evidence import Told
from bench.chaos.findings import Fault, Finding
from caviar.states import OPEN_STATES, AttemptOutcome, Origin, TrialState
from caviar.wire.trials import TrialDetail

_FINISHED = {
    "completed": AttemptOutcome.COMPLETED,
    "failed": AttemptOutcome.FAILED,
    "returned": AttemptOutcome.RETURNED,
}


def check(acts: Acts, told: Sequence[Told]) -> Iterator[Finding]:
    trials = {trial.id: trial for one in told for trial in one.trials}
    for word in acts.words:
        if word.status == "ok":
            yield from _heard(word, trials.get(word.trial))
    yield from _reports(acts, told)
    yield from _of_the_user(acts, told, trials)


def _heard(word: Word, trial: TrialDetail | None) -> Iterator[Finding]:
    """A finish that was answered ok: the attempt ended so, and the trial with it."""
    if trial is None or not any(attempt.attempt == word.attempt for attempt in trial.attempts):
        yield Finding(Fault.LOST, f"attempt {word.attempt} of trial {word.trial} was answered ok and is not there")
        return
    if word.outcome is None:
        return
    attempt = next(attempt for attempt in trial.attempts if attempt.attempt == word.attempt)
    # A rule that stopped the trial decided before; the finish is then answered ok and changes nothing.
    if attempt.outcome not in (_FINISHED[word.outcome], AttemptOutcome.STOPPED):
        sentence = f"trial {trial.id}: its finish as {word.outcome} was acknowledged, but attempt {word.attempt} is"
        yield Finding(Fault.LOST, f"{sentence} {attempt.outcome}")
    elif word.outcome == "completed" and attempt.outcome is AttemptOutcome.COMPLETED:
        shown = objective.wire(trial.metrics)
        if trial.state is not TrialState.COMPLETED or any(shown.get(n) != v for n, v in word.metrics.items()):
            yield Finding(
                Fault.LOST,
                f"trial {trial.id} was finished with {dict(word.metrics)}, but is {trial.state} with {shown}",
            )
    elif word.outcome == "failed" and attempt.outcome is AttemptOutcome.FAILED and trial.state is not TrialState.FAILED:
        yield Finding(Fault.LOST, f"trial {trial.id} was finished as failed, but is {trial.state}")


def metrics_acknowledged(acts: Acts) -> dict[tuple[str, int, int], Mapping[str, object]]:
    """By (trial, attempt, step): what a report answered ok said."""
    return {
        (word.trial, word.attempt, word.step): word.metrics
        for word in acts.words
        if word.call == "report" and word.status == "ok" and word.metrics and word.step is not None
    }


def metrics_present(told: Sequence[Told]) -> dict[tuple[str, int, int], Mapping[str, object]]:
    return {
        (trial, report.attempt, report.step): objective.wire(report.metrics)
        for one in told
        for trial, reports in one.reports.items()
        for report in reports
    }


def _reports(acts: Acts, told: Sequence[Told]) -> Iterator[Finding]:
    present = metrics_present(told)
    for (trial, attempt, step), said in metrics_acknowledged(acts).items():
        found = present.get((trial, attempt, step))
        if found != said:
            where = f"trial {trial}, attempt {attempt}, step {step}"
            yield Finding(Fault.LOST, f"{where}: {dict(said)} was acknowledged, and {found or 'nothing'} is there")


def _of_the_user(acts: Acts, told: Sequence[Told], trials: Mapping[str, TrialDetail]) -> Iterator[Finding]:
    searches = {one.search.id for one in told}
    for event in acts.users:
        trial = trials.get(event.get("trial", ""))
        if event["kind"] == "created" and event["search"] not in searches:
            yield Finding(Fault.LOST, f"search {event['search']} was created and is not there")
        if event["kind"] == "enqueued" and "trial" in event:
            wanted = event["hyperparameters"]
            if trial is None or trial.origin is not Origin.ENQUEUED or trial.hyperparameters != wanted:
                yield Finding(Fault.LOST, f"trial {event['trial']} was enqueued with {wanted} and is not there so")
        if event["kind"] == "cancelled":
            yield from _cancelled(event.get("code"), event["trial"], trial)


def _cancelled(code: str | None, name: str, trial: TrialDetail | None) -> Iterator[Finding]:
    """`code`: why the server would not; the trial had then ended already, perhaps by an answer that was dropped."""
    if trial is None or (code is None and trial.state is not TrialState.CANCELLED):
        state = "not there" if trial is None else trial.state
        yield Finding(Fault.LOST, f"the cancelling of trial {name} was acknowledged, but it is {state}")
    elif code is not None and (code != "trial_ended" or trial.state in OPEN_STATES):
        yield Finding(Fault.LOST, f"trial {name} could not be cancelled ({code}), but is {trial.state}")
