"""Why an attempt was lost. Terms of a lease last two seconds; the worker's name is ada, its attempt is ("10", 1)."""

from collections.abc import Sequence

import pytest

from bench.chaos import acts
from bench.chaos.acts import Acts
from bench.chaos.fleet import Harm
from bench.chaos.history import Event
from bench.chaos.losses import Cause, Loss, Span, by_cause, losses
from tests.bench.chaos.story import NOON, Story


def said(*sent_at: float, status: str = "ok", is_answered: bool = True) -> list[Event]:
    """Words about the attempt, each answered a tenth of a second later or never."""
    events: list[Event] = []
    for at in sent_at:
        item = {"trial": "10", "attempt": 1, "step": None, "metrics": {}}
        events.append({"kind": "saying", "client": "ada", "at": at, "call": "report", "items": [item]})
        if is_answered:
            told = {**item, "answer": {"trial": "10", "status": status}}
            events.append(
                {"kind": "said", "client": "ada", "at": at + 0.1, "sent_at": at, "call": "report", "items": [told]}
            )
    return events


def unheard(*sent_at: float) -> list[Event]:
    return said(*sent_at, is_answered=False)


def claiming(*sent_at: float) -> list[Event]:
    return [{"kind": "claiming", "client": "ada", "worker": "ada", "key": "key", "at": at} for at in sent_at]


def claimed(at: float) -> list[Event]:
    trial = {"id": "10", "search": "1", "number": 0, "attempt": 1, "seed": 7, "hyperparameters": {}}
    about = {"client": "ada", "worker": "ada", "key": "key", "at": at, "sent_at": at - 0.1}
    return [{"kind": "claimed", **about, "trials": [trial]}]


def read(*events: Sequence[Event]) -> Acts:
    return acts.read(sorted((event for some in events for event in some), key=lambda event: event["at"]))


def cause(acts: Acts, ended: float, *, harms: Sequence[Harm] = (), away: Sequence[Span] = ()) -> Cause:
    found = by_cause([Loss(("10", 1), "ada", 1.0, ended)], acts, harms, away=away, ttl_seconds=2.0)
    ((cause, _one),) = found.items()
    return cause


def test_who_was_heard_and_is_lost_all_the_same_was_robbed() -> None:
    assert cause(read(claimed(1.1), said(2.0, 3.0)), 4.4) is Cause.UNHARMED


def test_who_does_not_try_for_most_of_a_term_is_lost_by_its_own_fault() -> None:
    assert cause(read(claimed(1.1)), 3.5) is Cause.UNHARMED
    assert cause(read(claimed(1.1), said(2.0), unheard(2.2, 4.0)), 4.5) is Cause.UNHARMED


def test_who_tries_and_is_not_heard_was_cut_off() -> None:
    assert cause(read(claimed(1.1), said(2.0), unheard(2.5, 3.0, 3.5, 4.0)), 4.5) is Cause.CUT_OFF


def test_to_be_answered_that_it_is_lost_is_not_to_be_heard() -> None:
    late = said(4.4, status="lost")
    assert cause(read(claimed(1.1), said(2.0), unheard(2.5, 3.0, 3.5, 4.0), late), 4.5) is Cause.CUT_OFF


def test_time_without_a_server_does_not_count() -> None:
    tries = unheard(2.5, 3.0, 3.5, 4.0, 4.5)
    # One second of the three was the server's: the lease should have lasted.
    assert cause(read(claimed(1.1), said(2.0), tries), 4.6, away=[(2.2, 3.4)]) is Cause.UNHARMED
    assert cause(read(claimed(1.1), said(2.0), unheard(4.0)), 4.6, away=[(2.2, 3.2)]) is Cause.CUT_OFF


def test_a_worker_that_was_not_told_of_its_attempt_asks_with_its_claim() -> None:
    assert cause(read(claiming(0.9, 1.4, 1.9, 2.4, 2.9)), 3.1) is Cause.CUT_OFF
    assert cause(read(claiming(0.9, 3.0)), 3.1) is Cause.UNHARMED
    # A worker that was told must speak of it; its next claim does not.
    assert cause(read(claimed(1.1), claiming(1.4, 1.9, 2.4, 2.9)), 3.1) is Cause.UNHARMED


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (Harm("kill", "ada", 2.0), Cause.HARMED),
        (Harm("kill", "ada", 4.0), Cause.UNHARMED),
        (Harm("pause", "ada", 2.0, until=3.0), Cause.HARMED),
        (Harm("pause", "ada", 0.1, until=0.9), Cause.UNHARMED),
        (Harm("term", "ada", 2.0), Cause.DRAINED),
        (Harm("term", "ada", 4.0), Cause.UNHARMED),
        (Harm("kill", "bob", 2.0), Cause.UNHARMED),
    ],
)
def test_a_harm_explains_only_what_was_lost_by_it(harm: Harm, expected: Cause) -> None:
    assert cause(read(claimed(1.1)), 3.5, harms=[harm]) is expected


def test_who_drains_and_was_paused_before_is_no_loss_of_the_drain() -> None:
    harms = [Harm("pause", "ada", 1.5, until=3.8), Harm("term", "ada", 3.4)]
    assert cause(read(claimed(1.1)), 3.5, harms=harms) is Cause.HARMED


def test_losses_are_read_from_what_the_server_says_on_the_clock_of_the_histories() -> None:
    trials = [trial for told in Story().told() for trial in told.trials]
    assert losses(trials, clock_offset=NOON.timestamp()) == [Loss(("10", 1), "ada", 2.5, 5.75)]
