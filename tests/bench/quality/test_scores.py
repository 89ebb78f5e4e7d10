"""Figures over tasks and seeds, on numbers small enough to check by hand."""

import numpy as np
import pytest
from scipy.stats import rankdata, wilcoxon

from bench.quality import scores

OURS = np.array([[0.1, 0.3], [0.02, 0.02], [0.5, 0.7]])
PEER = np.array([[0.4, 0.4], [0.01, 0.03], [0.3, 0.2]])


def test_the_geometric_mean_is_of_the_tasks_means() -> None:
    assert scores.geometric_mean(OURS) == pytest.approx((0.2 * 0.02 * 0.6) ** (1 / 3))


def test_a_task_that_is_solved_counts_as_the_floor() -> None:
    assert scores.by_task(np.zeros((1, 3))).tolist() == [scores.FLOOR]
    assert scores.geometric_mean(np.zeros((2, 3))) == pytest.approx(scores.FLOOR)


def test_versus_counts_wins_and_finds_the_worst_task() -> None:
    versus = scores.versus(OURS, PEER)
    assert versus.ratio == pytest.approx((0.5 * 1.0 * 2.4) ** (1 / 3))
    assert versus.wins == 1
    assert versus.worst == pytest.approx(2.4)
    assert versus.p_pairs == pytest.approx(wilcoxon((OURS - PEER).ravel()).pvalue)


def test_no_difference_at_all_is_no_evidence() -> None:
    versus = scores.versus(OURS, OURS)
    assert (versus.ratio, versus.wins, versus.p_tasks, versus.p_pairs) == (1, 0, 1, 1)


def test_ranks_are_those_of_scipy_and_equals_share_theirs() -> None:
    third = np.array([[0.4, 0.1], [0.5, 0.5], [0.1, 0.2]])
    ranks = rankdata(np.array([OURS, PEER, third]), axis=0).mean(axis=(1, 2))
    assert list(scores.mean_ranks({"ours": OURS, "peer": PEER, "third": third}).values()) == pytest.approx(
        ranks.tolist()
    )


def test_a_slow_peer_is_compared_on_the_seeds_that_it_has() -> None:
    ours, peer = scores.shared_seeds([OURS, PEER[:, :1]])
    assert ours.tolist() == OURS[:, :1].tolist()
    assert peer.shape == ours.shape
