"""A run as it should be, small enough to read: three trials, four attempts. Tests falsify one thing of it at a time."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.chaos import acts, objective
from bench.chaos.acts import Acts
from bench.chaos.evidence import Told
from bench.chaos.history import Event
from caviar.wire.searches import SearchAnswer
from caviar.wire.trials import LeaderboardRow, Report, TrialDetail

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SEED = 7
SOUND = {"rate": 0.01, "units": 40, "kind": "c", "steps": 4}
DIVERGING = {**SOUND, "rate": 0.9}
RAISING = {**SOUND, "units": 47}
ERROR = {"code": "exception", "detail": f"Traceback …\nbench.chaos.objective.Broken: {objective.breaks(RAISING)}"}
COUNTS = {"queued": 0, "running": 0, "completed": 2, "stopped": 0, "failed": 1, "cancelled": 0}


def _attempt(number: int, worker: str, outcome: str, *, span: tuple[float, float] = (0.0, 0.0)) -> dict[str, Any]:
    """`span`: seconds since noon, at which the clock of the story's events began."""
    times = {name: NOON + timedelta(seconds=at) for name, at in zip(("started_at", "ended_at"), span, strict=True)}
    resumed = {"resumed_from_attempt": None, "resumed_from_step": None}
    return {"attempt": number, "worker": worker, "outcome": outcome, "last_step": 4, **resumed, **times}


def _trial(trial: str, number: int, hparams: dict[str, Any], attempts: list[dict[str, Any]], **fields: Any) -> Any:
    plain = {"id": trial, "search": "1", "number": number, "state": "completed", "hyperparameters": hparams}
    plain |= {"round": 0, "origin": "sampled", "parent": None, "error": None, "created_at": NOON, "finished_at": NOON}
    return {**plain, "value": None, "diverged": False, "metrics": {}, "attempts": attempts, **fields}


def _result(hparams: dict[str, Any]) -> dict[str, Any]:
    metrics = objective.result(hparams, seed=SEED)
    return {"metrics": metrics, "value": metrics["loss"], "diverged": metrics["loss"] != metrics["loss"]}


@dataclass
class Story:
    """Trial 10 was lost by ada and completed by bob, 11 diverged, 12 raises in its second step."""

    events: list[Event] = field(default_factory=list)
    trials: list[dict[str, Any]] = field(default_factory=list)
    reports: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)
    leaderboard: list[dict[str, Any]] = field(default_factory=list)
    _clock: float = 0.0

    def __post_init__(self) -> None:
        spec = {"trials": 3, "parallel": 3}
        self.note("creating", "user", key="k", spec=spec)
        self.note("created", "user", key="k", search="1", spec=spec)
        self.claim("ada", "key-1", ("10", 0, 1, SOUND))
        self.say("ada", "report", ("10", 1), step=1, metrics=self.metrics(SOUND, 1))
        self.claim("bob", "key-2", ("10", 0, 2, SOUND), ("11", 1, 1, DIVERGING), ("12", 2, 1, RAISING))
        for trial, attempt, hparams in (("10", 2, SOUND), ("11", 1, DIVERGING)):
            for step in range(1, 5):
                self.say("bob", "report", (trial, attempt), step=step, metrics=self.metrics(hparams, step))
            final = objective.wire(objective.final(hparams, seed=SEED))
            self.say("bob", "finish", (trial, attempt), outcome="completed", metrics=final)
        self.say("bob", "report", ("12", 1), step=1, metrics=self.metrics(RAISING, 1))
        self.say("bob", "finish", ("12", 1), outcome="failed", metrics={})
        both = [_attempt(1, "ada", "lost", span=(2.5, 5.75)), _attempt(2, "bob", "completed")]
        self.trials = [
            _trial("10", 0, SOUND, both, **_result(SOUND)),
            _trial("11", 1, DIVERGING, [_attempt(1, "bob", "completed")], **_result(DIVERGING)),
            _trial("12", 2, RAISING, [_attempt(1, "bob", "failed")], state="failed", error=ERROR),
        ]
        self.leaderboard = [
            {**trial, "rank": rank, "search": None} for rank, trial in enumerate(self.trials[:2], start=1)
        ]
        best = {"trial": "10", "number": 0, "value": self.trials[0]["value"], "hyperparameters": SOUND}
        self.search = {"id": "1", "name": "x", "state": "completed", "trials": 3, "counts": COUNTS, "best": best}
        self.search |= {"spec": spec, "rounds": 1, "waits_for": None, "dataset": None, "notes": "", "priority": 0}
        self.search |= {"created_at": NOON, "finished_at": NOON}
        self.search["progress"] = {"finished": 3, "trials": 3, "fraction": 1.0, "seconds": 1.0, "seconds_left": 0.0}

    def metrics(self, hparams: dict[str, Any], step: int) -> dict[str, Any]:
        return objective.wire(objective.metrics(hparams, seed=SEED, step=step))

    def note(self, kind: str, client: str, **fields: Any) -> None:
        self._clock += 1
        self.events.append({"kind": kind, "client": client, "at": self._clock, **fields})

    def claim(self, worker: str, key: str, *trials: tuple[str, int, int, dict[str, Any]]) -> None:
        told = [
            {"id": trial, "search": "1", "number": number, "attempt": attempt, "seed": SEED, "hyperparameters": hparams}
            for trial, number, attempt, hparams in trials
        ]
        self.note("claimed", worker, key=key, worker=worker, sent_at=self._clock + 0.5, trials=told)

    def say(self, worker: str, call: str, key: tuple[str, int], *, status: str = "ok", **item: Any) -> None:
        """A word about an attempt that was heard; a report of a step then stands at the server."""
        item = {"trial": key[0], "attempt": key[1], **item}
        self.note("saying", worker, call=call, items=[item])
        answered = [{**item, "answer": {"trial": key[0], "status": status}}]
        self.note("said", worker, call=call, sent_at=self._clock - 0.5, items=answered)
        if call == "report" and status == "ok":
            self.reports.setdefault(key[0], []).append(
                {"attempt": key[1], "step": item["step"], "metrics": item["metrics"], "at": NOON}
            )

    def acts(self) -> Acts:
        return acts.read(self.events)

    def told(self) -> list[Told]:
        trials = [TrialDetail.model_validate(trial) for trial in self.trials]
        reports = {t.id: [Report.model_validate(r) for r in self.reports.get(t.id, [])] for t in trials}
        rows = [LeaderboardRow.model_validate(row) for row in self.leaderboard]
        return [Told(SearchAnswer.model_validate(self.search), trials, reports, rows)]
