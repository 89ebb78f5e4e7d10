"""A space as a whole: conditions, assembly, and hyperparameters that a user gives."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.errors import FieldError
from caviar.parameters import Choice, Kind, Range
from caviar.space import Space
from tests.caviar.spaces import positions, spaces

LAYERS = Range(low=2, high=4, type=Kind.INT)
KEEP = Range(low=0.5, high=1.0, when={"layers": [3, 4]})
NETWORK = Space({"keep_prob": KEEP, "layers": LAYERS, "batch_size": Choice(values=[64, 128]), "epochs": 20})


def reasons(given_: dict[str, Any]) -> dict[str, str]:
    return {error.pointer: error.detail for error in NETWORK.fit(given_)[1]}


@given(spaces(), st.lists(positions, min_size=6, max_size=6))
def test_a_trial_holds_exactly_the_active_parameters_in_the_order_of_the_spec(space: Space, us: list[float]) -> None:
    at = dict(zip("abcdef", us, strict=True))
    hparams = space.assemble(lambda name, parameter: parameter.value_at(at[name]))
    assert list(hparams) == [name for name in space.parameters if name in hparams]
    for name in space.parameters:
        assert (name in hparams) == space.is_active(name, hparams)


@given(spaces(), st.lists(positions, min_size=6, max_size=6))
def test_what_was_drawn_fits(space: Space, us: list[float]) -> None:
    at = dict(zip("abcdef", us, strict=True))
    hparams = space.assemble(lambda name, parameter: parameter.value_at(at[name]))
    assert space.problems() == []
    assert space.fit(hparams) == (hparams, [])


@given(spaces(), st.dictionaries(st.sampled_from("abcdefg"), st.none() | st.integers() | st.just({"x": [1]})))
def test_anything_may_be_given_and_is_answered(space: Space, given_: dict[str, Any]) -> None:
    hparams, errors = space.fit(given_)
    assert errors or all(space.is_active(name, hparams) for name in hparams)


def test_conditions_hold_in_chains() -> None:
    third = Choice(values=[5], when={"second": "on"})
    second = Choice(values=["on", "off"], when={"first": True})
    space = Space({"third": third, "second": second, "first": Choice(values=[True, False])})
    assert space.order == ("first", "second", "third")
    assert space.assemble(lambda name, p: {"first": True, "second": "on", "third": 5}[name]) == {
        "third": 5,
        "second": "on",
        "first": True,
    }
    assert space.assemble(lambda name, p: {"first": False}[name]) == {"first": False}


def test_a_condition_tells_true_from_one() -> None:
    space = Space({"flag": Choice(values=[1, True]), "x": Choice(values=[0], when={"flag": True})})
    assert not space.is_active("x", {"flag": 1})
    assert space.is_active("x", {"flag": True})


def test_given_values_take_the_form_of_drawn_ones_and_constants_are_filled_in() -> None:
    hparams, errors = NETWORK.fit({"layers": 3.0, "keep_prob": 1, "batch_size": 64.0})
    assert errors == []
    assert [(name, value, type(value)) for name, value in hparams.items()] == [
        ("keep_prob", 1.0, float),
        ("layers", 3, int),
        ("batch_size", 64, int),
        ("epochs", 20, int),
    ]


@pytest.mark.parametrize(
    ("given_", "pointer", "reason"),
    [
        ({"layers": 2, "batch_size": 65}, "/hyperparameters/batch_size", "65 is none of 64, 128"),
        ({"layers": 2, "batch_size": "64"}, "/hyperparameters/batch_size", "'64' is none of 64, 128"),
        ({"layers": 2}, "/hyperparameters/batch_size", "is missing"),
        ({"layers": 5, "batch_size": 64}, "/hyperparameters/layers", "5 is outside 2 … 4"),
        ({"layers": 2.5, "batch_size": 64}, "/hyperparameters/layers", "2.5 is not a whole number"),
        ({"layers": True, "batch_size": 64}, "/hyperparameters/layers", "True is not a number"),
        (
            {"layers": 2, "batch_size": 64, "keep_prob": 0.9},
            "/hyperparameters/keep_prob",
            "is not active with these other values; leave it out",
        ),
        ({"layers": 2, "batch_size": 64, "epochs": 21}, "/hyperparameters/epochs", "is always 20 here"),
        (
            {"layers": 2, "batch_size": 64, "lay/ers": 1},
            "/hyperparameters/lay~1ers",
            "is no parameter of this search; did you mean layers?",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(given_: dict[str, Any], pointer: str, reason: str) -> None:
    assert reasons(given_) == {pointer: reason}


def test_the_cycle_is_named_and_so_is_what_waits_for_it() -> None:
    space = Space(
        {
            "a": Choice(values=[1], when={"b": 1}),
            "b": Choice(values=[1], when={"a": 1}),
            "c": Choice(values=[1], when={"b": 1}),
        }
    )
    assert space.problems() == [FieldError("/space/a", "the conditions of a, b, c wait for one another in a cycle")]
