"""Screening: expected improvement against its integral, and which candidates are chosen."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from service.samplers.cube import Cube
from service.samplers.gaussian_process import Beliefs, fit_from_json
from service.samplers.screening import MOST_FITTED, Screen, _some, expected_improvement
from tests.service.samplers.play import a_space, scored

SPACE = a_space(
    x={"low": 0.0, "high": 1.0}, n={"low": 0, "high": 4, "type": "int"}, kind={"values": ["a", "b"]},
)  # fmt: skip
CUBE = Cube(SPACE)


def beliefs(mean: float, variance: float) -> Beliefs:
    return Beliefs(np.zeros((1, 1)), np.zeros((0, 1)), np.array([mean]), np.array([variance]), 0.1)


@pytest.mark.parametrize(("mean", "variance", "best"), [(0.0, 1.0, -1.5), (0.3, 0.04, 0.2), (-2.0, 0.5, 1.0)])
def test_expected_improvement_is_the_integral_it_stands_for(mean: float, variance: float, best: float) -> None:
    outcome = norm(mean, np.sqrt(variance))
    expected, _ = quad(lambda f: (best - f) * outcome.pdf(f), best - 12, best, epsabs=1e-12)
    assert expected_improvement(beliefs(mean, variance), best)[0] == pytest.approx(expected, abs=1e-9)


def test_expected_improvement_is_never_below_zero_however_poor_the_point() -> None:
    assert expected_improvement(beliefs(30.0, 0.01), -2.0)[0] == pytest.approx(0.0, abs=1e-12)


def a_screen(count: int = 30, *, pending: int = 0) -> tuple[Screen, np.ndarray]:
    """A screen and the positions that it knows."""
    results = scored(SPACE, [float((17 * n) % 31) for n in range(count)])
    positions = CUBE.positions([result.hyperparameters for result in results])
    fit = fit_from_json(None, dimensions=CUBE.dimensions)
    known, waiting = positions[: count - pending], positions[count - pending :]
    return Screen(CUBE, results[: count - pending], known, pending=waiting, fit=fit), positions


def candidates(count: int = 100) -> np.ndarray:
    return CUBE.snapped(np.random.default_rng(0).random((count, CUBE.dimensions)))


@pytest.mark.parametrize("pending", [0, 5])
def test_no_candidate_is_chosen_twice_or_was_tried_before(pending: int) -> None:
    screen, known = a_screen(pending=pending)
    drawn = np.concatenate([known, candidates(20), candidates(20)])
    chosen = screen.pick(drawn, 100)
    assert sorted(chosen) == list(range(len(known), len(known) + 20))


def test_the_first_chosen_is_the_one_with_the_largest_gain_and_of_equals_the_first() -> None:
    screen, _ = a_screen()
    drawn = candidates()
    first = screen.pick(drawn, 1)[0]
    assert screen.pick(drawn[[first]].repeat(3, axis=0), 3) == [0]
    for other in range(0, 100, 7):
        pair = drawn[[other, first]]
        assert screen.pick(pair, 1) == ([0] if other == first else [1])


def test_later_ones_are_chosen_knowing_the_earlier() -> None:
    screen, _ = a_screen()
    drawn = candidates()
    apart = screen.pick(drawn, 8)
    near = drawn[apart[0]] + np.array([1e-4, 0, 0]) * np.arange(1, 9)[:, None]
    crowded = screen.pick(np.concatenate([drawn, near]), 8)
    assert crowded[0] in (apart[0], *range(100, 108))
    assert sum(index == apart[0] or index >= 100 for index in crowded) < 4


def test_the_mean_at_a_result_lies_between_its_score_and_those_around() -> None:
    screen, positions = a_screen()
    means = screen.means()
    assert means.shape == (len(positions),)
    assert np.corrcoef(means, [(17 * n) % 31 for n in range(30)])[0, 1] > 0.5
    assert means.std() < 1.0


def test_scales_are_learned_from_the_best_and_the_newest_alone() -> None:
    scores = np.random.default_rng(0).permutation(5 * MOST_FITTED).astype(float)
    some = _some(scores)
    assert MOST_FITTED // 2 < len(some) <= MOST_FITTED
    assert set(np.argsort(scores)[: MOST_FITTED // 2]) <= set(some)
    assert set(range(len(scores) - MOST_FITTED // 2, len(scores))) <= set(some)
    assert list(_some(np.arange(5.0))) == [0, 1, 2, 3, 4]
