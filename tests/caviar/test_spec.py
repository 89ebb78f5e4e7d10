"""The search spec: what is accepted, and in which words everything else is refused."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from caviar.errors import FieldError
from caviar.parameters import Choice, Range
from caviar.space import Space
from caviar.spec import CONFIRMATIONS, EXAMPLE, SearchSpec, explain
from tests.caviar.spaces import spaces

NAME = "must start with a letter or _ and hold at most 100 letters, digits, _ . : -"
LAYERS = {"low": 1, "high": 3, "type": "int"}


def refusals(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        SearchSpec.model_validate(document)
    return [(error.pointer, error.detail) for error in explain(caught.value.errors())]


def with_parameter(**parameters: Any) -> dict[str, Any]:
    return EXAMPLE | {"space": EXAMPLE["space"] | {"layers": LAYERS} | parameters}


def test_the_example_is_a_spec_with_its_defaults_filled_in() -> None:
    spec = SearchSpec.model_validate(EXAMPLE)
    assert spec.space["learning_rate"] == Range(low=0.0001, high=1.0, scale="log")
    assert spec.space["batch_size"] == Choice(values=[64, 128, 256])
    assert spec.space["epochs"] == 20
    assert (spec.sampler.name, spec.stopping.name, spec.parallel, spec.target) == ("zoom", "none", 8, None)


def test_only_space_metric_and_goal_must_be_given() -> None:
    assert refusals({}) == [("/metric", "is missing"), ("/goal", "is missing"), ("/space", "is missing")]


def test_a_sampler_may_be_given_by_its_name_alone() -> None:
    short = SearchSpec.model_validate(EXAMPLE | {"sampler": "random", "stopping": "none"})
    assert short == SearchSpec.model_validate(EXAMPLE | {"sampler": {"name": "random"}, "stopping": {"name": "none"}})


@given(spaces())
def test_a_document_read_again_is_the_same_spec(space: Space) -> None:
    given_ = {name: parameter.model_dump(mode="json") for name, parameter in space.varying.items()}
    spec = SearchSpec.model_validate({"metric": "loss", "goal": "minimize", "space": given_ | {"k": [1, "a", None]}})
    again = SearchSpec.model_validate(json.loads(json.dumps(spec.document(), allow_nan=False)))
    assert again == spec
    assert again.document() == spec.document()


@pytest.mark.parametrize(
    ("parameter", "field", "reason"),
    [
        ({"low": 1, "high": 1}, "", "low (1) must be below high (1)"),
        ({"low": 2, "high": 1.5}, "", "low (2) must be below high (1.5)"),
        (
            {"low": 0, "high": 1, "scale": "log"},
            "",
            "a log scale needs low above 0, not 0; raise low or use scale: linear",
        ),
        (
            {"low": 0, "high": 0.9, "scale": "reverse_log"},
            "",
            "a reverse_log scale needs 0 < low and high < 1, such as low: 0.9, high: 0.999",
        ),
        (
            {"low": 0.9, "high": 1, "scale": "reverse_log"},
            "",
            "a reverse_log scale needs 0 < low and high < 1, such as low: 0.9, high: 0.999",
        ),
        (
            {"low": 0, "high": 1, "scale": "reverse_log", "type": "int"},
            "",
            "reverse_log lies between 0 and 1, where there are no integers; use type: float",
        ),
        ({"low": 0.5, "high": 2, "type": "int"}, "", "type: int needs whole numbers for low and high"),
        (
            {"low": 1.0, "high": 1e19, "type": "int"},
            "",
            "type: int needs low and high within 2^53 - 1, beyond which other languages lose digits",
        ),
        ({"low": -1e308, "high": 1e308}, "", "low and high are further apart than a double-precision number can tell"),
        ({"low": 0.1, "high": 1, "scale": "lag"}, "/scale", "'lag' is not known; did you mean log?"),
        ({"low": 0, "high": 2, "type": "integer"}, "/type", "'integer' is not known; did you mean int?"),
        ({"low": 0.1, "high": 1, "scal": "log"}, "/scal", "is not known here; did you mean scale?"),
        ({"low": 0.1}, "/high", "is missing"),
        ({"low": "1e-4", "high": 1}, "/low", "'1e-4' is not a number"),
        ({"low": True, "high": 2}, "/low", "True is not a number"),
        ({"low": 0, "high": float("inf")}, "/high", "inf is not finite"),
        ({"low": 0, "high": 2**53}, "/high", "the integer is beyond 2^53 - 1, where other languages lose digits"),
        ({"values": []}, "/values", "is empty; give at least 1"),
        ({"values": [1, 1.0]}, "", "values holds the same value twice"),
        ({"values": 3}, "/values", "must be a valid list (given: 3)"),
        ({"values": [1], "low": 2}, "/low", "is not known here; choose from ordered, values, when"),
        (
            {"values": [1, {"a": 1}]},
            "/values/1",
            "{'a': 1} is no plain value; give a number, a text, true, false, null or a list of them",
        ),
        (float("nan"), "", "nan is not finite"),
        ("a\x00", "", "a text is at most 1000 characters long and holds neither NUL nor a lone surrogate"),
        ("\ud800", "", "a text is at most 1000 characters long and holds neither NUL nor a lone surrogate"),
        ({"values": [1], "when": 3}, "/when", "must be an object"),
        (
            {"values": [1], "when": {"laers": 1}},
            "/when/laers",
            "when names laers, which is no parameter of this space; did you mean layers?",
        ),
        (
            {"values": [1], "when": {"epochs": 21}},
            "/when/epochs",
            "epochs never takes that value: it is always 20, never 21",
        ),
        (
            {"values": [1], "when": {"layers": [1, 4]}},
            "/when/layers",
            "layers never takes that value: 4 is outside 1 … 3",
        ),
        (
            {"values": [1], "when": {"layers": []}},
            "/when/layers",
            "layers is none of an empty list, so this would never be active",
        ),
        (
            {"values": [1], "when": {"learning_rate": 0.1}},
            "/when/learning_rate",
            "learning_rate is continuous; a condition needs an int, a choice or a constant",
        ),
        ({"values": [1], "when": {"x": 1}}, "", "the conditions of x wait for one another in a cycle"),
    ],
)
def test_a_wrong_parameter_is_refused_with_the_field_and_the_reason(parameter: Any, field: str, reason: str) -> None:
    assert refusals(with_parameter(x=parameter)) == [("/space/x" + field, reason)]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"trials": 0}, "/trials", "must be at least 1 (given: 0)"),
        ({"trials": 10_000_001}, "/trials", "must be at most 10000000 (given: 10000001)"),
        ({"parallel": 0}, "/parallel", "must be at least 1 (given: 0)"),
        ({"seed": -1}, "/seed", "must be at least 0 (given: -1)"),
        ({"max_seconds": 0}, "/max_seconds", "must be above 0.0 (given: 0)"),
        ({"target": float("nan")}, "/target", "must be a finite number (given: nan)"),
        ({"priority": 101}, "/priority", "must be at most 100 (given: 101)"),
        ({"goal": "maximise"}, "/goal", "'maximise' is not known; did you mean maximize?"),
        ({"goal": "up"}, "/goal", "'up' is not known; choose from maximize, minimize"),
        ({"metric": "dev accuracy"}, "/metric", f"{NAME} (given: 'dev accuracy')"),
        ({"name": "a\nb"}, "/name", "must be one line without control characters (given: 'a\\nb')"),
        ({"name": ""}, "/name", "is too short; at least 1 characters (given: '')"),
        ({"notes": "\x00"}, "/notes", "must not hold the character NUL (given: '\\x00')"),
        ({"space": {}}, "/space", "is empty; give at least 1"),
        ({"space": []}, "/space", "must be an object"),
        ({"sampler": "zom"}, "/sampler/name", "'zom' is not known; did you mean zoom?"),
        ({"sampler": {"nam": "zoom"}}, "/sampler/nam", "is not known here; did you mean name?"),
        ({"sampler": 3}, "/sampler", "must be an object"),
        ({"sampler": {"name": "zoom", "order": "fre"}}, "/sampler/order", "'fre' is not known; did you mean free?"),
        ({"sampler": {"scren": False}}, "/sampler/scren", "is not known here; did you mean screen?"),
        ({"sampler": {"confirm": 101}}, "/sampler/confirm", "must be at most 100 (given: 101)"),
        ({"sampler": {"confirm": -1}}, "/sampler/confirm", "must be at least 0 (given: -1)"),
        ({"sampler": {"name": "random", "screen": True}}, "/sampler/screen", "is an option of zoom, not of random"),
        ({"sampler": {"name": "grid", "confirm": 0}}, "/sampler/confirm", "is an option of zoom, not of grid"),
        ({"start": 3}, "/start", "must be a valid list (given: 3)"),
        ({"start": [3]}, "/start/0", "must be an object"),
        ({"start": [{"2nd": 1}]}, "/start/0/2nd", f"{NAME} (given: '2nd')"),
        ({"trails": 3}, "/trails", "is not known here; did you mean trials?"),
        ({"space": {"2nd": 1}}, "/space/2nd", f"{NAME} (given: '2nd')"),
        ({"space": {"a/b~": 1}}, "/space/a~1b~0", f"{NAME} (given: 'a/b~')"),
    ],
)
def test_a_wrong_field_is_refused_with_the_reason(change: dict[str, Any], field: str, reason: str) -> None:
    assert refusals(EXAMPLE | change) == [(field, reason)]


def test_what_is_no_object_is_refused() -> None:
    assert refusals([1]) == [("", "must be an object")]


def test_every_mistake_is_told_at_once() -> None:
    document = copy.deepcopy(EXAMPLE) | {"trials": 0, "goal": "up"}
    document["space"]["beta1"] = {"low": 2, "high": 1}
    assert [field for field, _ in refusals(document)] == ["/goal", "/space/beta1", "/trials"]


def test_an_error_of_pydantic_that_has_no_words_of_ours_keeps_its_own() -> None:
    error = {"type": "int_parsing", "loc": ("trials",), "msg": "Input should be a valid integer", "input": "many"}
    assert explain([error]) == [FieldError("/trials", "must be a valid integer (given: 'many')")]


def test_what_a_spec_leaves_out_of_its_sampler_is_a_zoom_in_rounds_with_a_model_and_confirmations() -> None:
    sampler = SearchSpec.model_validate(EXAMPLE).sampler
    assert (sampler.name, sampler.order, sampler.screens, sampler.confirms) == ("zoom", "rounds", True, CONFIRMATIONS)
    other = SearchSpec.model_validate(EXAMPLE | {"sampler": {"order": "free", "screen": False, "confirm": 0}}).sampler
    assert (other.name, other.order, other.screens, other.confirms) == ("zoom", "free", False, 0)


def test_a_sampler_of_another_name_is_shown_without_the_zooms_options() -> None:
    document = SearchSpec.model_validate(EXAMPLE | {"sampler": "sobol"}).document()
    assert document["sampler"] == {"name": "sobol", "order": "rounds"}
