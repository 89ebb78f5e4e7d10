"""The history as the checker reads it: who was granted what, who said what of it, and what a user was told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.chaos.history import Event

Attempt = tuple[str, int]
"""(trial id, attempt)"""


@dataclass(frozen=True)
class Grant:
    """An acknowledged claim of one trial."""

    trial: str
    search: str
    number: int
    attempt: int
    seed: int
    hparams: Mapping[str, Any]
    key: str
    worker: str
    sent_at: float
    at: float


@dataclass(frozen=True)
class Word:
    """A report or finish that was answered, with what the answer was."""

    call: str
    trial: str
    attempt: int
    step: int | None
    metrics: Mapping[str, Any]
    outcome: str | None
    """Of a finish: completed, failed or returned."""
    status: str
    worker: str
    sent_at: float
    at: float

    @property
    def key(self) -> Attempt:
        return self.trial, self.attempt


@dataclass
class Acts:
    grants: list[Grant] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    intents: dict[tuple[str, Attempt], list[Mapping[str, Any]]] = field(default_factory=dict)
    """By (call, attempt): what a worker was about to say, whether it was heard or not."""
    tries: dict[Attempt, list[float]] = field(default_factory=dict)
    """When a worker was about to say something of an attempt."""
    claims: dict[str, list[float]] = field(default_factory=dict)
    """When a worker was about to claim, by its name."""
    users: list[Event] = field(default_factory=list)
    """What the user asked and was told."""


def read(events: Iterable[Event]) -> Acts:
    """`events`: in the order of time."""
    acts = Acts()
    for event in events:
        match event["kind"]:
            case "claiming":
                acts.claims.setdefault(event["worker"], []).append(event["at"])
            case "claimed":
                acts.grants += [_grant(event, trial) for trial in event["trials"]]
            case "saying":
                for item in event["items"]:
                    attempt = item["trial"], item["attempt"]
                    acts.intents.setdefault((event["call"], attempt), []).append(item)
                    acts.tries.setdefault(attempt, []).append(event["at"])
            case "said":
                acts.words += [_word(event, item) for item in event["items"]]
            case "creating" | "created" | "enqueueing" | "enqueued" | "cancelling" | "cancelled":
                acts.users.append(event)
    return acts


def _grant(event: Event, trial: Mapping[str, Any]) -> Grant:
    return Grant(
        trial=trial["id"],
        search=trial["search"],
        number=trial["number"],
        attempt=trial["attempt"],
        seed=trial["seed"],
        hparams=trial["hyperparameters"],
        key=event["key"],
        worker=event["worker"],
        sent_at=event["sent_at"],
        at=event["at"],
    )


def _word(event: Event, item: Mapping[str, Any]) -> Word:
    return Word(
        call=event["call"],
        trial=item["trial"],
        attempt=item["attempt"],
        step=item.get("step"),
        metrics=item["metrics"],
        outcome=item.get("outcome"),
        status=item["answer"]["status"],
        worker=event["client"],
        sent_at=event["sent_at"],
        at=event["at"],
    )
