"""Why an attempt was lost: what was done to its worker, the network, or Caviar itself.

A lease is renewed every quarter of its term. So an attempt whose worker nobody harmed may be lost only where the
network kept its words away. It is Caviar's own fault where the server had heard of it within three quarters of a term,
or where the worker let so much time pass without a try. Time in which there was no server does not count: leases get
it back.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from bench.chaos.acts import Acts, Attempt
from bench.chaos.fleet import Harm
from caviar.states import AttemptOutcome
from caviar.wire.trials import TrialDetail

Span = tuple[float, float]
"""Of time.monotonic."""
PATIENCE = 0.75
"""The share of a term in which a worker is to be heard."""


class Cause(StrEnum):
    HARMED = "harmed"
    CUT_OFF = "cut off"
    DRAINED = "drained"
    UNHARMED = "unharmed"


@dataclass(frozen=True)
class Loss:
    """An attempt that the server took for lost, with when it had begun and when it was lost (time.monotonic)."""

    attempt: Attempt
    worker: str
    began: float
    ended: float


def losses(trials: Iterable[TrialDetail], *, clock_offset: float) -> list[Loss]:
    """`clock_offset`: what time.time() is ahead of time.monotonic()."""
    return [
        Loss(
            (trial.id, attempt.attempt),
            attempt.worker,
            attempt.started_at.timestamp() - clock_offset,
            attempt.ended_at.timestamp() - clock_offset,
        )
        for trial in trials
        for attempt in trial.attempts
        if attempt.outcome is AttemptOutcome.LOST and attempt.ended_at is not None
    ]


def by_cause(
    found: Iterable[Loss], acts: Acts, harms: Sequence[Harm], *, away: Sequence[Span], ttl_seconds: float
) -> Counter[Cause]:
    """How many losses have which cause. `away`: when there was no server or no database."""
    heard, granted = _heard(acts), {(grant.trial, grant.attempt) for grant in acts.grants}
    counts: Counter[Cause] = Counter()
    for loss in found:
        suffered = {harm.kind for harm in harms if _concerns(harm, loss)}
        # A worker that does not know of its attempt asks for it with its claim.
        tries = acts.tries.get(loss.attempt, []) if loss.attempt in granted else acts.claims.get(loss.worker, [])
        spoken = max((at for at in heard.get(loss.attempt, ()) if at < loss.ended), default=loss.began)
        if suffered & {"kill", "pause"}:
            counts[Cause.HARMED] += 1
        elif _was_cut_off(loss, spoken, tries, away=away, patience=PATIENCE * ttl_seconds):
            counts[Cause.CUT_OFF] += 1
        else:
            counts[Cause.DRAINED if "term" in suffered else Cause.UNHARMED] += 1
    return counts


def _concerns(harm: Harm, loss: Loss) -> bool:
    return harm.worker == loss.worker and harm.at <= loss.ended and (harm.until is None or loss.began <= harm.until)


def _heard(acts: Acts) -> Mapping[Attempt, list[float]]:
    """When what the server took was sent: it was heard then or later."""
    found: dict[Attempt, list[float]] = {}
    for grant in acts.grants:
        found.setdefault((grant.trial, grant.attempt), []).append(grant.sent_at)
    for word in acts.words:
        if word.status == "ok":
            found.setdefault(word.key, []).append(word.sent_at)
    return found


def _was_cut_off(loss: Loss, spoken: float, tries: Sequence[float], *, away: Sequence[Span], patience: float) -> bool:
    """Whether the worker was not heard for long, though it never ceased to try."""
    moments = [spoken, *(at for at in tries[bisect_left(tries, spoken) :] if at < loss.ended), loss.ended]
    was_heard = _present(spoken, loss.ended, away) < patience
    return not was_heard and all(_present(one, other, away) < patience for one, other in pairwise(moments))


def _present(began: float, ended: float, away: Sequence[Span]) -> float:
    """Seconds in which there was a server."""
    return ended - began - sum(max(min(last, ended) - max(first, began), 0.0) for first, last in away)
