"""Searches under stopping rules: how they run, and what is said of them."""

import numpy as np
import pytest

from bench.quality import early_report
from bench.quality.curves import Ended
from bench.quality.early import METHODS, Job, Path, Problem, Search, path, paths, run_together

PROBLEM = Problem("iris", 150, dev=0.2, test=0.2)


def test_in_hand_is_the_network_with_the_best_dev_metric_that_ran_to_its_end() -> None:
    ended = [
        Ended(1, -0.99, is_stopped=True),
        Ended(27, -0.5, is_stopped=False, test=-0.4),
        Ended(27, -0.4, is_stopped=False, test=-0.9),
        Ended(3, -0.7, is_stopped=True),
        Ended(27, -0.6, is_stopped=False, test=-0.3),
    ]
    found = path(ended)
    assert (found.epochs.tolist(), found.stopped) == ([1, 28, 55, 58, 85], 2)
    assert found.test.tolist() == pytest.approx([np.nan, 0.4, 0.4, 0.4, 0.3], nan_ok=True)
    asked = np.array([0.0, 27.0, 28.0, 84.0, 85.0, 1000.0])
    assert found.at(asked).tolist() == pytest.approx([np.nan, np.nan, 0.4, 0.4, 0.3, 0.3], nan_ok=True)


def test_a_search_gives_the_same_alone_and_beside_others() -> None:
    together = paths(Job(PROBLEM, [0, 1], 8))
    alone = Search(METHODS["zoom_asha"], seed=1, trials=8)
    run_together([alone], PROBLEM.training())
    assert path(alone.ended).epochs.tolist() == together["zoom_asha"][1].epochs.tolist()
    assert path(alone.ended).test.tolist() == pytest.approx(together["zoom_asha"][1].test.tolist(), nan_ok=True)


def test_a_rule_saves_epochs_and_its_search_learns_where_trials_were_stopped() -> None:
    search = Search(METHODS["random_asha"], seed=0, trials=10)
    run_together([search], PROBLEM.training())
    stopped = [end for end in search.ended if end.is_stopped]
    assert len(search.ended) == search.trials == 20
    assert {end.epochs for end in stopped} <= {1, 3, 9}
    assert sum(end.epochs for end in search.ended) < 20 * 27
    assert stopped


def one_path(*tests: float, per_trial: float = 10.0) -> Path:
    return Path(per_trial * np.arange(1.0, len(tests) + 1), np.array(tests), 0)


FOUND = {
    "easy": {
        "zoom": [one_path(0.5, 0.7, 0.8, 0.9), one_path(0.5, 0.5, 0.8, 0.9)],
        "random_asha": [one_path(0.2, 0.8, 0.8), one_path(0.2, 0.8, 0.8)],
        "zoom_asha": [one_path(0.8, 0.9, per_trial=5.0), one_path(0.9, 0.9, per_trial=5.0)],
        "zoom_median": [one_path(0.1, 0.2), one_path(0.1, 0.2)],
    },
    "hard": {
        "zoom": [one_path(0.1, 0.3)],
        "random_asha": [one_path(0.1, 0.4)],
        "zoom_asha": [one_path(0.3)],
        "zoom_median": [one_path(0.3, 0.2)],
    },
}


def test_the_target_is_what_both_single_methods_reach() -> None:
    assert early_report.target(FOUND["easy"]) == pytest.approx(0.8)
    assert early_report.target(FOUND["hard"]) == pytest.approx(0.3)


def test_epochs_to_the_target_are_those_of_the_mean_over_the_seeds() -> None:
    assert early_report.epochs_to(FOUND["easy"]["zoom"], 0.8) == 30
    assert early_report.epochs_to(FOUND["easy"]["zoom"], 0.6) == 20
    assert early_report.epochs_to(FOUND["easy"]["zoom_asha"], 0.8) == 5
    assert early_report.epochs_to(FOUND["easy"]["zoom_median"], 0.8) is None


def test_the_figures_are_ratios_to_the_zoom_alone_and_none_where_a_target_is_missed() -> None:
    figures = early_report.figures(FOUND)
    assert figures["epochs_to_target"]["zoom"] == 1
    assert figures["epochs_to_target"]["zoom_asha"] == pytest.approx((5 / 30 * 10 / 20) ** 0.5)
    assert figures["epochs_to_target"]["zoom_median"] is None
    assert figures["final"]["easy"]["zoom"] == pytest.approx(0.9)
    assert figures["epochs"]["easy"]["zoom_asha"] == 10
    assert "0.9000 ± 0.0000" in early_report.early_table(FOUND)
