"""The history checker: silent at a run as it should be, and it speaks of every single thing that is falsified."""

from collections.abc import Callable
from typing import Any

import pytest

from bench.chaos.checker import check, counted
from tests.bench.chaos.story import DIVERGING, NOON, SOUND, Story

Lie = Callable[[Story], Any]


def test_a_run_as_it_should_be_has_no_findings() -> None:
    story = Story()
    assert check(story.acts(), story.told()) == []


def _trial(story: Story, index: int, **fields: Any) -> None:
    story.trials[index].update(fields)


def _attempt(story: Story, trial: int, index: int, **fields: Any) -> None:
    story.trials[trial]["attempts"][index].update(fields)


def _cancel(story: Story, **told: Any) -> None:
    story.note("cancelled", "user", trial="10", sent_at=0.0, **told)


def _enqueue(story: Story, kind: str, **told: Any) -> None:
    story.note(kind, "user", key="e", search="1", hyperparameters=SOUND, **told)


def _enqueue_once_have_twice(story: Story) -> None:
    _enqueue(story, "enqueueing")
    for index in (0, 1):
        _trial(story, index, origin="enqueued", hyperparameters=SOUND)


def _swap_leaderboard(story: Story) -> None:
    story.leaderboard.reverse()


LIES: dict[str, tuple[str, Lie]] = {
    "a finish is contradicted": ("lost", lambda s: _attempt(s, 0, 1, outcome="lost")),
    "a finish has another value": ("lost", lambda s: _trial(s, 0, metrics={**s.trials[0]["metrics"], "test": 5.0})),
    "a failure did not fail its trial": ("lost", lambda s: _trial(s, 2, state="cancelled")),
    "a report is gone": ("lost", lambda s: s.reports["10"].pop()),
    "a report of a lost attempt is gone": ("lost", lambda s: s.reports["10"].pop(0)),
    "an attempt is gone": ("lost", lambda s: s.trials[0]["attempts"].pop(0)),
    "a trial is gone": ("lost", lambda s: s.trials.pop()),
    "a search is gone": ("lost", lambda s: s.search.update(id="2")),
    "an enqueued trial is gone": ("lost", lambda s: _enqueue(s, "enqueued", trial="99")),
    "a cancelled trial goes on": ("lost", lambda s: _cancel(s, state="cancelled")),
    "cancelling was refused for no reason": ("lost", lambda s: _cancel(s, code="not_found")),
    "a superseded attempt was heard": (
        "duplicated",
        lambda s: s.say("ada", "report", ("10", 1), step=2, metrics=s.metrics(SOUND, 2)),
    ),
    "a superseded attempt could finish": (
        "duplicated",
        lambda s: s.say("ada", "finish", ("10", 1), outcome="completed", metrics={}),
    ),
    "an attempt was granted twice": ("duplicated", lambda s: s.claim("eve", "key-3", ("10", 0, 2, SOUND))),
    "attempts did not rise": ("duplicated", lambda s: s.claim("ada", "key-3", ("10", 0, 1, SOUND))),
    "a trial has two results": ("duplicated", lambda s: _attempt(s, 0, 0, outcome="stopped")),
    "more trials than the budget": ("duplicated", lambda s: s.trials.append({**s.trials[2], "id": "13", "number": 3})),
    "the budget grew": ("duplicated", lambda s: s.search.update(trials=4)),
    "a search was submitted once and is there twice": ("duplicated", lambda s: s.events.pop(0)),
    "an enqueued trial is there twice": ("duplicated", _enqueue_once_have_twice),
    "a trial was enqueued by nobody": ("unexpected", lambda s: _trial(s, 0, origin="enqueued")),
    "hyperparameters outside the space": (
        "unexpected",
        lambda s: _trial(s, 0, hyperparameters={**SOUND, "steps": 5}),
    ),
    "a parameter too many": ("unexpected", lambda s: _trial(s, 1, hyperparameters={**DIVERGING, "depth": 0.5})),
    "a metric that nobody said": (
        "unexpected",
        lambda s: s.reports["10"].append({"attempt": 2, "step": 9, "metrics": {"loss": 1.0}, "at": NOON}),
    ),
    "a metric other than the function's": ("unexpected", lambda s: s.reports["10"][2]["metrics"].update(loss=0.0)),
    "a value other than the function's": ("unexpected", lambda s: _trial(s, 0, value=0.5)),
    "diverged though the value is finite": ("unexpected", lambda s: _trial(s, 0, diverged=True)),
    "failed for another reason": ("unexpected", lambda s: _trial(s, 2, error={"code": "exception", "detail": "no"})),
    "failed by a limit that was not reached": (
        "unexpected",
        lambda s: _trial(s, 2, error={"code": "lost_limit", "detail": "no"}),
    ),
    "completed though it raises": ("unexpected", lambda s: _trial(s, 0, hyperparameters={**SOUND, "units": 57})),
    "a result of an attempt that still runs": ("unexpected", lambda s: _attempt(s, 2, 0, outcome="running")),
    "numbers with a gap": ("unexpected", lambda s: _trial(s, 2, number=3)),
    "wrong counts": ("unexpected", lambda s: s.search.update(counts={**s.search["counts"], "failed": 2})),
    "the wrong best": ("unexpected", lambda s: s.search["best"].update(trial="11")),
    "a leaderboard in the wrong order": ("unexpected", _swap_leaderboard),
    "a leaderboard with another value": ("unexpected", lambda s: s.leaderboard[0].update(value=0.5)),
    "a trial that still runs": ("stuck", lambda s: _trial(s, 1, state="running", finished_at=None)),
    "a search that does not end": ("stuck", lambda s: s.search.update(state="active", finished_at=None)),
}


@pytest.mark.parametrize("name", LIES)
def test_the_checker_finds(name: str) -> None:
    fault, lie = LIES[name]
    story = Story()
    lie(story)
    findings = check(story.acts(), story.told())
    assert counted(findings)[fault] > 0, findings


def test_what_was_never_answered_may_be_there_or_not() -> None:
    story = Story()
    story.note("saying", "bob", call="report", items=[{"trial": "11", "attempt": 1, "step": 5, "metrics": {}}])
    story.note("claiming", "eve", key="key-9", worker="eve")
    _enqueue(story, "enqueueing")
    assert check(story.acts(), story.told()) == []


def test_an_outcome_may_be_said_again_after_the_trial_was_granted_to_another() -> None:
    story = Story()
    _attempt(story, 0, 0, outcome="returned")
    story.say("ada", "finish", ("10", 1), outcome="returned", metrics={})
    assert check(story.acts(), story.told()) == []
