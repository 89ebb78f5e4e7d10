"""A ratio is told only where both sides did the same work."""

import pytest

from bench.comparing import Comparison, Measured, compare, measured


def side(*seconds: float, accuracy: float = 0.97) -> Measured:
    return Measured(seconds=seconds, accuracy=accuracy)


def test_the_figure_is_the_median_of_the_ratios_of_rounds() -> None:
    """Not the ratio of the medians: a slow hour that hits both sides alike changes nothing."""
    pair = Comparison(side(1.0, 10.0, 1.0), side(4.0, 40.0, 100.0))
    assert pair.ratios == [4.0, 4.0, 100.0]
    assert pair.figure == 4.0


@pytest.mark.parametrize(("peer_accuracy", "is_fair"), [(0.96, True), (0.98, True), (0.9599, False), (0.9801, False)])
def test_accuracies_may_differ_by_a_hundredth(peer_accuracy: float, is_fair: bool) -> None:
    pair = Comparison(side(1.0), side(2.0, accuracy=peer_accuracy))
    assert pair.is_fair is is_fair
    assert pair.figure == (2.0 if is_fair else None)


def test_the_middle_half_of_few_rounds_is_all_of_them() -> None:
    assert Comparison(side(1.0, 1.0), side(2.0, 5.0)).middle_half == (2.0, 5.0)
    assert Comparison(side(*[1.0] * 5), side(1.0, 2.0, 3.0, 4.0, 50.0)).middle_half == (1.5, 27.0)


def test_seconds_are_those_of_one_network() -> None:
    whole = measured([16.0, 32.0], [0.9, 1.0], networks=16)
    assert whole.seconds == [1.0, 2.0]
    assert whole.accuracy == pytest.approx(0.95)
    assert whole.typical == 1.5


def test_a_comparison_with_a_peer_that_is_not_there_is_left_out() -> None:
    found = compare({"ours": side(1.0), "torch": side(3.0)}, {"vs_torch": ("ours", "torch"), "vs_jax": ("ours", "jax")})
    assert list(found) == ["vs_torch"]
    assert found["vs_torch"].figure == 3.0
