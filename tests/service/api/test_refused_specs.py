"""Every kind of bad spec, refused over HTTP with the place, the reason and the nearest valid name."""

import json
from typing import Any

import pytest

from tests.service.api.calls import Api

JSON = {"Content-Type": "application/json"}
GOOD: dict[str, Any] = {
    "trainer": "mlp",
    "dataset": "digits",
    "metric": "dev_accuracy",
    "goal": "maximize",
    "space": {"learning_rate": {"low": 1e-4, "high": 1.0, "scale": "log"}, "layers": {"values": [1, 2]}},
}


def parameter(name: str, value: Any) -> dict[str, Any]:
    return {"space": {**GOOD["space"], name: value}}


def rate(**fields: Any) -> dict[str, Any]:
    return parameter("learning_rate", {"low": 1e-4, "high": 1.0} | fields)


def when(condition: Any) -> dict[str, Any]:
    return parameter("hidden_units", {"low": 4, "high": 8, "type": "int", "when": condition})


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a mistyped hyperparameter": (
        parameter("learning_rte", 0.1),
        "/space/learning_rte",
        "did you mean learning_rate?",
    ),
    "a mistyped field": ({"paralel": 4}, "/paralel", "did you mean parallel?"),
    "a mistyped field of a parameter": (rate(hihg=1), "/space/learning_rate/hihg", "did you mean high?"),
    "a mistyped scale": (rate(scale="lgo"), "/space/learning_rate/scale", "did you mean log?"),
    "a mistyped type": (rate(type="integer"), "/space/learning_rate/type", "'integer' is not known"),
    "a mistyped goal": ({"goal": "maximise"}, "/goal", "did you mean maximize?"),
    "a mistyped sampler": ({"sampler": "zom"}, "/sampler/name", "did you mean zoom?"),
    "a mistyped field of the sampler": (
        {"sampler": {"name": "zoom", "nmae": 1}},
        "/sampler/nmae",
        "did you mean name?",
    ),
    "a mistyped stopping rule": ({"stopping": "asah"}, "/stopping/name", "did you mean asha?"),
    "an option of another stopping rule": (
        {"stopping": {"name": "asha", "min_trials": 5}},
        "/stopping/min_trials",
        "is an option of median, not of asha",
    ),
    "a mistyped dataset": ({"dataset": "digit"}, "/dataset", "did you mean digits?"),
    "no dataset": ({"dataset": None}, "/dataset", "is missing"),
    "a mistyped metric": ({"metric": "dev_acuracy"}, "/metric", "did you mean dev_accuracy?"),
    "no metric": ({"metric": None}, "/metric", "must be a valid string"),
    "low above high": (rate(low=2), "/space/learning_rate", "low (2) must be below high (1.0)"),
    "low equal to high": (rate(low=1), "/space/learning_rate", "low (1) must be below high (1.0)"),
    "no high": (parameter("learning_rate", {"low": 1}), "/space/learning_rate/high", "is missing"),
    "log from zero": (rate(low=0, scale="log"), "/space/learning_rate", "a log scale needs low above 0"),
    "log from below zero": (rate(low=-1, scale="log"), "/space/learning_rate", "a log scale needs low above 0"),
    "reverse_log up to one": (rate(scale="reverse_log"), "/space/learning_rate", "needs 0 < low and high < 1"),
    "reverse_log from zero": (
        parameter("beta1", {"low": 0, "high": 0.9, "scale": "reverse_log"}),
        "/space/beta1",
        "needs 0 < low and high < 1",
    ),
    "no choices": (parameter("layers", {"values": []}), "/space/layers/values", "is empty; give at least 1"),
    "a choice twice": (parameter("layers", {"values": [1, 2, 1]}), "/space/layers", "holds the same value twice"),
    "fractions as integers": (rate(type="int"), "/space/learning_rate", "needs whole numbers for low and high"),
    "a bound as text": (rate(low="1e-4"), "/space/learning_rate/low", "'1e-4' is not a number"),
    "an infinite bound": (rate(high=1e999), "/space/learning_rate/high", "inf is not finite"),
    "a condition on nothing": (
        when({"layer": 1}),
        "/space/hidden_units/when/layer",
        "which is no parameter of this space; did you mean layers?",
    ),
    "a condition that never holds": (
        when({"layers": [3]}),
        "/space/hidden_units/when/layers",
        "layers never takes that value: 3 is none of 1, 2",
    ),
    "a condition on a continuum": (
        when({"learning_rate": 0.1}),
        "/space/hidden_units/when/learning_rate",
        "learning_rate is continuous",
    ),
    "conditions in a cycle": (
        {
            "space": {
                "layers": {"values": [1, 2], "when": {"hidden_units": 4}},
                "hidden_units": {"values": [4, 8], "when": {"layers": 1}},
            }
        },
        "/space/hidden_units",
        "the conditions of hidden_units, layers wait for one another in a cycle",
    ),
    "no parameters": ({"space": {}}, "/space", "is empty"),
    "a parameter with an odd name": (parameter("learning rate", 1), "/space/learning rate", "must start with"),
    "a value outside what the trainer takes": (
        parameter("layers", {"low": -1, "high": 2, "type": "int"}),
        "/space/layers",
        "layers is -1",
    ),
    "a fraction where the trainer needs an integer": (
        parameter("batch_size", {"low": 8, "high": 64}),
        "/space/batch_size",
        "it must be all, or an integer >= 1",
    ),
    "hyperparameters that do not fit together": (
        parameter("hidden_units", [8, 8, 8]),
        "/space",
        "hidden_units is [8, 8, 8]",
    ),
    "zero trials": ({"trials": 0}, "/trials", "must be at least 1 (given: 0)"),
    "zero at once": ({"parallel": 0}, "/parallel", "must be at least 1 (given: 0)"),
    "a negative seed": ({"seed": -1}, "/seed", "must be at least 0 (given: -1)"),
    "a seed of too many digits": ({"seed": 2**53}, "/seed", "must be at most 9007199254740991"),
    "no time": ({"max_seconds": 0}, "/max_seconds", "must be above 0"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_bad_spec_is_refused_with_its_place_and_reason(sqlite_api: Api, fault: str) -> None:
    change, pointer, said = REFUSED[fault]
    spec = {name: value for name, value in {**GOOD, **change}.items() if name != "dataset" or value is not None}

    problem = sqlite_api.refused("POST", "/v1/searches", 422, "invalid_spec", content=_json(spec), headers=JSON)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert said in problem["errors"][0]["detail"]
    assert said in problem["detail"]


def _json(value: Any) -> bytes:
    """JSON, with the number that it has no word for as 1e999."""
    return json.dumps(value).replace("Infinity", "1e999").encode()


def test_a_dry_run_refuses_what_a_submission_does(sqlite_api: Api) -> None:
    spec = GOOD | parameter("learning_rte", 0.1)
    problem = sqlite_api.refused("POST", "/v1/searches", 422, "invalid_spec", json=spec, params={"dry_run": "true"})
    assert problem["detail"] == (
        "space.learning_rte: is no hyperparameter of the trainer mlp; did you mean learning_rate?"
    )


def test_all_faults_are_told_at_once(sqlite_api: Api) -> None:
    spec = GOOD | {"trials": 0, "goal": "max", "seed": "one"}
    problem = sqlite_api.refused("POST", "/v1/searches", 422, "invalid_spec", json=spec)
    assert {error["pointer"] for error in problem["errors"]} == {"/trials", "/goal", "/seed"}
    assert problem["detail"].endswith("(and 2 more)")


def test_the_unchanged_spec_is_accepted(sqlite_api: Api) -> None:
    assert len(sqlite_api.ask("POST", "/v1/searches?dry_run=true", json=GOOD).json()["draws"]) == 5
