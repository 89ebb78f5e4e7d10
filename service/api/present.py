"""Stored records as their wire forms."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from caviar.numbers import from_wire
from caviar.spec import SearchSpec
from caviar.states import Goal, TrialState
from caviar.wire.charts import MeasuredTrial, SampledTrial, Stint
from caviar.wire.events import BestTrial, SearchEvent
from caviar.wire.protocol import ClaimedTrial, Lease
from caviar.wire.searches import Best, Counts, DatasetReference, Progress, Round, SearchAnswer
from caviar.wire.trials import Attempt, Confirmed, LeaderboardRow, Report, Stopped, TrialAnswer, TrialDetail, TrialError
from caviar.wire.workers import WorkerAnswer
from service import luck
from service.lifecycle import score_of
from service.stopping.interface import from_json
from service.storage.claims import Grant
from service.storage.courses import StintRecord
from service.storage.records import (
    AttemptRecord,
    ReportRecord,
    RoundRecord,
    SearchRecord,
    TrialRecord,
    WorkerRecord,
)
from service.storage.views import SampledRecord
from service.waiting import waits_for


def search(
    record: SearchRecord, *, best: TrialRecord | None, hints: Sequence[str], live: dict[str, int], now: datetime
) -> SearchAnswer:
    return SearchAnswer(
        id=str(record.id),
        name=record.name,
        state=record.state,
        trials=record.budget,
        counts=_counts(record),
        progress=_progress(record, now),
        best=None if best is None else _best(best),
        rounds=record.next_round,
        waits_for=waits_for(record, live),
        hints=list(hints),
        dataset=_dataset(record),
        notes=record.notes,
        priority=record.priority,
        created_at=record.created_at,
        finished_at=record.finished_at,
        parent=None if record.parent_search is None else str(record.parent_search),
        spec=dict(record.spec),
    )


def event(record: SearchRecord, *, best: TrialRecord | None, live: dict[str, int], now: datetime) -> SearchEvent:
    return SearchEvent(
        id=str(record.id),
        state=record.state,
        trials=record.budget,
        counts=_counts(record),
        progress=_progress(record, now),
        best=None if best is None else _best_trial(best),
        rounds=record.next_round,
        ranking=record.ranking,
        waits_for=waits_for(record, live),
        changes=record.changes,
    )


def _counts(record: SearchRecord) -> Counts:
    return Counts.model_validate({state.value: count for state, count in record.counts.items()})


def _best_trial(trial: TrialRecord) -> BestTrial:
    assert trial.value is not None
    return BestTrial(trial=str(trial.id), number=trial.number, value=trial.value)


def _progress(record: SearchRecord, now: datetime) -> Progress:
    open_trials = record.counts[TrialState.QUEUED] + record.counts[TrialState.RUNNING]
    finished = sum(record.counts.values()) - open_trials
    seconds = ((record.finished_at or now) - record.created_at).total_seconds()
    left = None
    if record.finished_at is not None:
        left = 0.0
    elif finished:
        left = seconds / finished * (record.budget - finished)
    return Progress(
        finished=finished, trials=record.budget, fraction=finished / record.budget, seconds=seconds, seconds_left=left
    )


def _best(trial: TrialRecord) -> Best:
    assert trial.value is not None
    hparams = dict(trial.hyperparameters)
    return Best(trial=str(trial.id), number=trial.number, value=trial.value, hyperparameters=hparams)


def _dataset(record: SearchRecord) -> DatasetReference | None:
    if record.dataset_name is None:
        return None
    seed = int(record.spec["seed"])
    return DatasetReference(name=record.dataset_name, hash=record.dataset_hash or "", split_seed=seed)


def round_(record: RoundRecord, *, goal: Goal) -> Round:
    return Round(
        round=record.round,
        first=record.first,
        size=record.size,
        seen=record.seen,
        reason=record.reason,
        best=None if record.best is None else dict(record.best),
        box={name: dict(side) for name, side in record.box.items()},
        hints=list(record.hints),
        cutoffs=None if record.cutoffs is None else _cutoffs(record.cutoffs, goal),
    )


def _cutoffs(stored: Mapping[str, Any], goal: Goal) -> dict[str, float]:
    """As the user measures them. Adding 0.0 makes of -0.0, the score of a maximized 0, what was reported."""
    return {str(rung): score_of(cutoff.score, goal) + 0.0 for rung, cutoff in from_json(stored).items()}


def leaderboard_row(record: TrialRecord, *, rank: int, metric: str) -> LeaderboardRow:
    return LeaderboardRow(
        rank=rank,
        id=str(record.id),
        number=record.number,
        value=_value(record, metric),
        hyperparameters=dict(record.hyperparameters),
        metrics=_numbers(record),
        state=record.state,
        round=record.round,
        origin=record.origin,
        diverged=record.diverged,
    )


def trial(record: TrialRecord, *, metric: str) -> TrialAnswer:
    error = TrialError(code=record.error_code, detail=record.error_detail or "") if record.error_code else None
    return TrialAnswer(
        id=str(record.id),
        search=str(record.search_id),
        number=record.number,
        state=record.state,
        value=_value(record, metric) if record.score is not None else None,
        diverged=record.diverged,
        hyperparameters=dict(record.hyperparameters),
        metrics=_numbers(record),
        round=record.round,
        origin=record.origin,
        parent=None if record.parent_trial is None else str(record.parent_trial),
        error=error,
        stopped=None if record.stopped_step is None else Stopped(step=record.stopped_step, reason=record.verdict or ""),
        created_at=record.created_at,
        finished_at=record.finished_at,
    )


def _value(record: TrialRecord, metric: str) -> float:
    """What a diverged trial's metric was stands among its metrics: no database column holds a NaN on both databases."""
    return from_wire(record.metrics[metric]) if record.value is None else record.value


def _numbers(record: TrialRecord | ReportRecord) -> dict[str, float]:
    return {name: from_wire(value) for name, value in record.metrics.items()}


def trial_detail(
    record: TrialRecord, attempts: list[AttemptRecord], again: luck.Confirmed | None, *, metric: str
) -> TrialDetail:
    shown = [Attempt.model_validate(vars(attempt)) for attempt in attempts]
    confirmed = None if again is None else Confirmed.model_validate(vars(again))
    return TrialDetail(**dict(trial(record, metric=metric)), attempts=shown, confirmed=confirmed)


def report(record: ReportRecord) -> Report:
    return Report(attempt=record.attempt, step=record.step, metrics=_numbers(record), at=record.reported_at)


def claimed(grant: Grant, *, ttl_seconds: float) -> ClaimedTrial:
    return ClaimedTrial(
        id=str(grant.trial.id),
        search=str(grant.search.id),
        number=grant.trial.number,
        attempt=grant.trial.attempt,
        trainer=grant.search.trainer,
        hyperparameters=dict(grant.trial.hyperparameters),
        seed=grant.trial.seed,
        stack=grant.trial.stack,
        dataset=_dataset(grant.search),
        resume=None,
        lease=Lease(token=grant.token, ttl_seconds=ttl_seconds),
    )


def worker(record: WorkerRecord, *, alive_since: datetime) -> WorkerAnswer:
    return WorkerAnswer(
        name=record.name,
        alive=record.seen_at > alive_since,
        trainers=record.trainers,
        capacity=record.capacity,
        running=[str(trial_id) for trial_id in record.running],
        about=dict(record.about),
        first_seen_at=record.first_seen_at,
        seen_at=record.seen_at,
    )


def sample(records: Iterable[SampledRecord], spec: SearchSpec) -> list[SampledTrial]:
    varying = _varying(spec)
    return [SampledTrial.model_validate(_sampled(record, varying)) for record in records]


def measured(records: Iterable[SampledRecord], spec: SearchSpec) -> list[MeasuredTrial]:
    varying = _varying(spec)
    return [MeasuredTrial.model_validate(_sampled(record, varying) | {"metrics": record.metrics}) for record in records]


def _varying(spec: SearchSpec) -> list[str]:
    return [name for name, parameter in spec.domain.varying.items() if parameter.levels != 1]


def _sampled(record: SampledRecord, varying: Sequence[str]) -> dict[str, Any]:
    hparams = {name: record.hyperparameters[name] for name in varying if name in record.hyperparameters}
    return vars(record) | {"id": str(record.id), "hyperparameters": hparams}


def stint(record: StintRecord) -> Stint:
    return Stint.model_validate(vars(record) | {"trial": str(record.trial_id)})
