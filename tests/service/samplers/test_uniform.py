"""Random search: the whole space, on the parameters' own scales, whatever the results."""

from math import log10

import pytest

from service.samplers.uniform import RandomSampler
from tests.service.samplers.play import a_space

SPACE = a_space(
    linear={"low": 0.0, "high": 10.0},
    log={"low": 1e-4, "high": 1.0, "scale": "log"},
    reverse_log={"low": 0.9, "high": 0.999, "scale": "reverse_log"},
    whole={"low": 1, "high": 3, "type": "int"},
    choice={"values": ["a", "b", "c", "d"]},
)
DRAWS = 2000


@pytest.fixture(scope="module")
def trials() -> list[dict[str, float]]:
    return [RandomSampler().draw(SPACE, seed=0, place=place) for place in range(DRAWS)]


def test_it_takes_any_space_and_never_runs_out() -> None:
    assert RandomSampler().problems(SPACE) == []
    assert RandomSampler().points(a_space(only={"values": [1, 2]})) is None


def test_each_decade_of_a_log_scale_is_as_likely(trials: list[dict[str, float]]) -> None:
    decades = [int(log10(hparams["log"]) + 4) for hparams in trials]
    assert [decades.count(decade) / DRAWS for decade in range(4)] == pytest.approx([0.25] * 4, abs=0.03)


def test_each_decade_of_the_distance_to_one_is_as_likely_on_a_reverse_log_scale(trials: list[dict[str, float]]) -> None:
    near = sum(hparams["reverse_log"] > 0.99 for hparams in trials)
    assert near / DRAWS == pytest.approx(0.5, abs=0.03)


def test_a_linear_scale_is_even(trials: list[dict[str, float]]) -> None:
    parts = [int(hparams["linear"] / 2.5) for hparams in trials]
    assert [parts.count(part) / DRAWS for part in range(4)] == pytest.approx([0.25] * 4, abs=0.03)


def test_both_ends_of_an_integer_range_are_as_likely_as_its_middle(trials: list[dict[str, float]]) -> None:
    values = [hparams["whole"] for hparams in trials]
    assert [values.count(value) / DRAWS for value in (1, 2, 3)] == pytest.approx([1 / 3] * 3, abs=0.03)


def test_every_choice_is_as_likely(trials: list[dict[str, float]]) -> None:
    values = [str(hparams["choice"]) for hparams in trials]
    assert [values.count(value) / DRAWS for value in "abcd"] == pytest.approx([0.25] * 4, abs=0.03)


def test_parameters_are_independent(trials: list[dict[str, float]]) -> None:
    both = sum(hparams["linear"] < 5 and hparams["reverse_log"] > 0.99 for hparams in trials)
    assert both / DRAWS == pytest.approx(0.25, abs=0.03)
