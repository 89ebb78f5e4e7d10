"""The figures of a run, and the line that shows them."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.chaos import scoreboard
from bench.chaos.checker import check
from bench.chaos.figures import figures, is_clean, recoveries, spread
from bench.chaos.fleet import Harm
from bench.chaos.plan import Targets
from bench.chaos.run import Config, Happened, Outcome
from tests.bench.chaos.story import NOON, Story

CONFIG = Config(
    seed=3,
    trials=3,
    database="sqlite",
    workers=2,
    ttl_seconds=2.0,
    targets=Targets.usual(3, has_server_of_its_own=False),
    folder=Path(),
)


def outcome(story: Story) -> Outcome:
    """Ada was killed after her report, which was the third thing that happened after the search was there."""
    return Outcome(
        events=story.events,
        told=story.told(),
        harms=[Harm("kill", "ada", 5.5)],
        log=[Happened("worker_kill", 5.5, 5.6), Happened("server_kill", 20.0, 21.0)],
        proxied={"drop_answer": 2, "delay": 1},
        missed={},
        answered={200: 10},
        stop_seconds=[0.5],
        drain_seconds=[],
        complaints=[],
        tracebacks=[],
        most_over_parallel=0,
        clock_offset=NOON.timestamp(),
        seconds=12.0,
        database="SQLite 3",
    )


def test_the_figures_are_counted() -> None:
    story = Story()
    found = figures(CONFIG, outcome(story), story.acts(), check(story.acts(), story.told()))
    assert [found[name] for name in ("trials", "results", "attempts")] == [3, 3, 4]
    assert [found[name] for name in ("lost", "duplicated", "unexpected", "stuck")] == [0, 0, 0, 0]
    # Two metrics each, of one, four, four and one steps.
    assert [found[name] for name in ("metrics_acked", "metrics_acked_present", "metrics_present")] == [20, 20, 20]
    assert found["redone"] == pytest.approx(1 / 3)
    assert found["lost_of_unharmed_workers"] == 0
    assert found["faults"] == {"delay": 1, "drop_answer": 2, "server_kill": 1, "worker_kill": 1}
    assert found["recovery_seconds"]["max"] == found["recovery_undisturbed_seconds"]["max"] == 0.5
    assert is_clean(found)
    assert scoreboard.line(found).startswith(
        "3 trials · 2 workers · 1 worker kill -9 · 1 server kill -9 · 2 dropped responses -> 3 results, 0 lost, "
        "0 duplicated, 0 unexpected, 0 stuck; 20 metrics acked, 20 present; 4 attempts (33.3% redone); recovery"
    )
    assert "1/2 planted bugs caught" in scoreboard.line({**found, "planted_bugs_caught": 1, "planted_bugs": 2})


def test_a_bug_that_was_not_caught_is_as_bad_as_a_loss() -> None:
    assert is_clean({"planted_bugs_caught": 2, "planted_bugs": 2})
    assert not is_clean({"planted_bugs_caught": 1, "planted_bugs": 2})
    assert scoreboard.line({"planted_bugs_caught": 1, "planted_bugs": 2}) == "1/2 planted bugs caught"


def test_what_is_lost_shows_in_the_figures() -> None:
    story = Story()
    story.reports["11"].pop()
    found = figures(CONFIG, outcome(story), story.acts(), check(story.acts(), story.told()))
    assert (found["lost"], found["metrics_acked"], found["metrics_acked_present"]) == (1, 20, 18)
    assert not is_clean(found)


def test_recovery_is_from_the_kill_to_the_next_claim_of_what_was_held() -> None:
    story = Story()
    assert recoveries([Harm("kill", "ada", 5.5)], story.acts()) == [(5.5, 6.0)]
    assert recoveries([Harm("pause", "ada", 5.5)], story.acts()) == []
    assert recoveries([Harm("kill", "bob", 100.0)], story.acts()) == []


@pytest.mark.parametrize(
    ("harms", "unharmed", "drained"),
    [
        ([], 1, 0),
        ([Harm("pause", "ada", 5.5)], 0, 0),
        ([Harm("term", "ada", 5.5)], 0, 1),
        ([Harm("kill", "bob", 5.5)], 1, 0),
    ],
)
def test_a_lost_attempt_is_told_apart_by_what_was_done_to_its_worker(
    harms: list[Harm], unharmed: int, drained: int
) -> None:
    story = Story()
    found = figures(CONFIG, replace(outcome(story), harms=harms), story.acts(), [])
    assert (found["lost_of_unharmed_workers"], found["lost_of_drained_workers"]) == (unharmed, drained)


def test_a_recovery_during_an_outage_is_not_an_undisturbed_one() -> None:
    story = Story()
    ended = replace(outcome(story), log=[Happened("server_kill", 3.5, 5.0)])
    found = figures(CONFIG, ended, story.acts(), [])
    assert (found["recovery_seconds"]["count"], found["recovery_undisturbed_seconds"]["count"]) == (1, 0)


def test_a_spread_is_of_nearest_ranks_and_has_no_figure_where_nothing_was_measured() -> None:
    assert spread([3.0, 1.0, 2.0]) == {"count": 3, "p50": 2.0, "p99": 3.0, "max": 3.0}
    assert spread([]) == {"count": 0, "p50": None, "p99": None, "max": None}
