"""The beginning: the defaults first, then points spread over the whole space, none of them twice."""

import pytest

from caviar.space import Hyperparameters
from service.samplers import opening
from service.samplers.cube import Cube
from service.samplers.opening import FEWEST_POINTS, FEWEST_VALUES, nearest
from service.samplers.quasi import SobolSampler
from tests.service.samplers.play import a_space, an_ask, scored

SPACE = a_space(
    rate={"low": 1e-4, "high": 1.0, "scale": "log"},
    units={"low": 10, "high": 100, "type": "int"},
    size={"values": [32, 64, 128]},
    kind={"values": ["a", "b"]},
    depth={"low": 0.0, "high": 1.0, "when": {"kind": "b"}},
    epochs=20,
)


def begun(**fields: object) -> list[Hyperparameters]:
    ask = an_ask(fields.pop("space", SPACE), fields.pop("results", ()), **fields)  # type: ignore[arg-type]
    return [made.hyperparameters for made in opening.suggestions(ask, Cube(ask.space))]


def test_the_defaults_come_first_and_then_sobols_points() -> None:
    defaults = {"rate": 0.01, "units": 50, "size": 64, "kind": "a"}
    first, *others = begun(defaults=defaults, size=4)
    sobol = [SobolSampler().draw(SPACE, seed=1, place=place) for place in range(4)]
    assert first == {**defaults, "epochs": 20}
    assert others == sobol[:3]
    assert begun(size=4) == sobol


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"rate": 0.01, "units": 50, "size": 64, "kind": "b", "depth": 0.5}, {}),
        ({"rate": 7, "units": 5, "size": 90, "kind": "a"}, {"rate": 1.0, "units": 10, "size": 64}),
        ({"rate": 1e-9, "units": 41.7, "size": 4096, "kind": "a"}, {"rate": 1e-4, "units": 42, "size": 128}),
        ({"rate": "high", "units": True, "size": None, "kind": "z"}, {"size": 64, "kind": "b", "depth": 0.5}),
        ({}, {"size": 64, "kind": "b", "depth": 0.5}),
        ({"epochs": 7, "other": 1}, {"epochs": 20}),
    ],
)
def test_the_nearest_point_is_inside_the_space(wanted: Hyperparameters, found: Hyperparameters) -> None:
    hparams = nearest(SPACE, wanted)
    assert SPACE.fit(hparams) == (hparams, [])
    same = {name: value for name, value in wanted.items() if not found} | found
    assert {name: hparams[name] for name in same} == same


def test_what_is_not_named_takes_the_middle_of_its_own_scale() -> None:
    assert nearest(SPACE, {"kind": "a"})["rate"] == pytest.approx(0.01)
    assert "depth" not in nearest(SPACE, {"kind": "a", "depth": 0.3})


def test_it_leaves_the_last_numbers_of_a_short_budget_to_the_leaders() -> None:
    results = scored(SPACE, [float(n) for n in range(FEWEST_POINTS - 2)])
    ask = {"first": FEWEST_POINTS - 2, "size": 2, "budget": FEWEST_POINTS}
    assert len(begun(results=results, **ask)) == 1
    assert len(begun(results=results[: FEWEST_VALUES - 1], **ask)) == 2


@pytest.mark.parametrize(("first", "count"), [(0, 6), (FEWEST_POINTS - 2, 2), (FEWEST_POINTS, 0), (500, 0)])
def test_it_ends_after_a_few_points_more_than_there_are_parameters(first: int, count: int) -> None:
    assert len(begun(results=scored(SPACE, [1.0] * FEWEST_VALUES), first=first)) == count
    many = a_space(**{f"p{i}": {"low": 0.0, "high": 1.0} for i in range(FEWEST_POINTS + 3)})
    assert len(begun(space=many, results=scored(many, [1.0] * 9), first=FEWEST_POINTS + 2, size=6)) == 2


def test_it_goes_on_while_hardly_anything_has_a_value() -> None:
    failed: list[float | None] = [None] * 50
    assert len(begun(results=scored(SPACE, [*[1.0] * (FEWEST_VALUES - 1), *failed]))) == 6


def test_enqueued_trials_take_no_place_in_it() -> None:
    own = [{"rate": 0.5, "units": 99, "size": 32, "kind": "a", "epochs": 20}]
    assert begun(pending=own, first=1, drawn=0) == begun()


def test_what_a_user_enqueued_is_not_drawn_again() -> None:
    defaults = {"rate": 0.01, "units": 50, "size": 64, "kind": "a", "epochs": 20}
    after = begun(defaults=defaults, pending=[defaults], first=1, drawn=0, size=3)
    assert defaults not in after
    assert after == begun(defaults=defaults, size=4)[1:]


def test_where_much_is_not_active_no_point_comes_twice() -> None:
    space = a_space(kind={"values": ["a", "b"]}, depth={"low": 0.0, "high": 1.0, "when": {"kind": "b"}})
    drawn: list[Hyperparameters] = []
    for first in (0, 4, 8):
        drawn += begun(space=space, pending=list(drawn), first=first, size=4)
    assert [hparams["kind"] for hparams in drawn].count("a") == 1
    assert len({space.key(hparams) for hparams in drawn}) == len(drawn) == 12
