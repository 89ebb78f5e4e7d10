"""Many runs, their clock, and the tables and figures that are made of them. Methods include peers."""

import numpy as np
import pytest

from bench.quality.tasks import Axis, Task

pytestmark = pytest.mark.peers
TASK = Task("bowl", [Axis("x", 40), Axis("y", 5)], np.random.default_rng(1).normal(size=(200, 3)))


@pytest.mark.parametrize("method", ["random/1", "textbook/8", "tpe/8"])
def test_a_smaller_budget_is_the_beginning_of_a_larger_search(method: str) -> None:
    from bench.quality.runs import Job, outcome

    together = outcome(Job(method, 0, 3, (10, 20, 30)), TASK).regrets
    assert list(together) == [outcome(Job(method, 0, 3, (budget,)), TASK).regrets[0] for budget in (10, 20, 30)]


def test_a_method_that_looks_at_its_budget_searches_anew_for_each() -> None:
    from bench.quality.methods import METHODS
    from bench.quality.runs import Job, outcome

    assert METHODS["zoom/8"].is_budgeted
    together = outcome(Job("zoom/8", 0, 3, (10, 20, 30)), TASK).regrets
    assert list(together) == [outcome(Job("zoom/8", 0, 3, (budget,)), TASK).regrets[0] for budget in (10, 20, 30)]


def test_all_runs_are_those_of_single_searches_and_slow_methods_have_fewer() -> None:
    from bench.quality.runs import Job, all_runs, outcome

    other = Task("other", TASK.axes, TASK.losses[::-1])
    random, gp = all_runs([TASK, other], ["random/1", "gp/1"], seeds=3, slow_seeds=1, budgets=(5, 200))
    assert random.regrets.shape == (2, 3, 2)
    assert random.regrets[1, 2].tolist() == list(outcome(Job("random/1", 0, 2, (5, 200)), other).regrets)
    assert (gp.regrets.shape, gp.budgets) == ((2, 1, 1), [5])


def test_the_clock_gives_each_suggestion_what_was_told_before_it() -> None:
    from bench.quality.clock import Clocked, milliseconds
    from bench.quality.methods import METHODS
    from bench.quality.world import run

    clocked = Clocked(METHODS["textbook/8"].make(TASK, 0, 30))
    plain = METHODS["textbook/8"].make(TASK, 0, 30)
    timed = run(clocked, TASK, seed=0, workers=8, trials=30)
    assert timed == run(plain, TASK, seed=0, workers=8, trials=30)
    assert len(clocked.seconds) == 30
    assert min(clocked.seconds) > 0
    assert milliseconds([TASK], ["random/1"], seeds=1, budgets=(10, 20))["random/1"].keys() == {10, 20}


def test_the_figures_compare_ours_with_the_peer_at_the_same_workers() -> None:
    from bench.quality import comparison
    from bench.quality.runs import Runs

    def runs(method: str, regret: float) -> Runs:
        regrets = np.full((6, 4, 2), regret)
        return Runs(method, (50, 100), regrets, np.sqrt(regrets), 1.0)

    found = {
        each.method: each for each in (runs("zoom/1", 0.2), runs("zoom/8", 0.3), runs("tpe/1", 0.4), runs("tpe/8", 0.2))
    }
    figures = comparison.figures({**found, "random/1": runs("random/1", 0.8)})
    assert figures["zoom_vs_tpe"] == pytest.approx({"1@50": 0.5, "1@100": 0.5, "8@50": 1.5, "8@100": 1.5})
    assert figures["zoom_vs_random_with_twice_the_trials"] == pytest.approx({"1@50": 0.25, "8@50": 0.375})
    assert (figures["wins_of_6"], figures["worst_loss"]) == (0, pytest.approx(1.5))
    assert figures["shared_equals"]["worst_loss"] == pytest.approx(1.5**0.5)
    assert "0 of 6" in comparison.versus_table(found, (50, 100))
    assert "0.2000" in comparison.regret_table(found, ["a", "b", "c", "d", "e", "f"], (50, 100))
