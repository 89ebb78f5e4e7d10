import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.hyperparameter import Kind
from trainer.hyperparameters import (
    HYPERPARAMETERS,
    METRICS,
    UnknownHyperparameter,
    batch_size,
    check,
    complete,
    find,
    group_key,
    has_batch_norm,
    keep_probs,
    metrics,
    names,
    stack_key,
    widths,
)

ROOT = Path(__file__).parents[2]


def test_it_loads_without_numpy_or_scikit_learn() -> None:
    loaded = (
        "import sys, trainer.hyperparameters, trainer.tables; print({'numpy', 'sklearn', 'scipy'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"


def test_the_names_and_defaults_are_those_that_a_spec_relies_on() -> None:
    assert {name: row.default for name, row in HYPERPARAMETERS.items()} == {
        "learning_rate": 0.001,
        "optimizer": "adam",
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "decay": "none",
        "decay_rate": 0.1,
        "decay_epochs": 10,
        "clip_norm": 0.0,
        "layers": 2,
        "hidden_units": 64,
        "activation": "relu",
        "initialisation": "auto",
        "output": "auto",
        "batch_size": 64,
        "batch_norm": True,
        "l2": 0.0,
        "l1": 0.0,
        "penalise_biases": False,
        "keep_prob": 1.0,
        "noise": 0.0,
        "flip": 0.0,
        "shift": 0.0,
        "rotate": 0.0,
        "zoom": 0.0,
        "distort": 0.0,
        "epochs": 20,
        "patience": 0,
    }
    assert names() == tuple(HYPERPARAMETERS)


def test_every_default_is_allowed_and_every_hyperparameter_says_what_it_is() -> None:
    for name, row in HYPERPARAMETERS.items():
        assert check(name, row.default) == row.default
        assert row.sentence.endswith(".")
        assert row.allowed


def test_what_must_be_equal_within_a_stack_is_what_its_networks_do_at_the_same_time() -> None:
    stacked = {name for name, row in HYPERPARAMETERS.items() if row.is_stacked}
    assert stacked == {"batch_size", "batch_norm", "activation", "output"}


def test_the_metrics_are_named_by_part_and_task() -> None:
    parts, names = ("train", "dev", "test"), ("cost", "mse", "mae", "r2")
    assert set(metrics("regression")) == {f"{part}_{name}" for part in parts for name in names}
    assert "dev_auc" in metrics("classification")
    assert set(METRICS) == set(metrics("classification")) | set(metrics("regression"))


@pytest.mark.parametrize(
    ("name", "value", "checked"),
    [
        ("learning_rate", 1, 1.0),
        ("learning_rate", 1e-30, 1e-30),
        ("beta1", 0, 0.0),
        ("l2", 0, 0.0),
        ("layers", 0, 0),
        ("batch_size", 64.0, 64),
        ("batch_size", "all", "all"),
        ("keep_prob_3", 1, 1.0),
        ("hidden_units", 1, 1),
        ("hidden_units", [100, 50], [100, 50]),
        ("hidden_units", (100, 50.0), [100, 50]),
        ("hidden_units", [], []),
        ("hidden_units_12", 7, 7),
        ("batch_norm", False, False),
        ("optimizer", "momentum", "momentum"),
    ],
)
def test_an_allowed_value_comes_back_in_its_own_type(name: str, value: object, checked: object) -> None:
    answer = check(name, value)
    assert answer == checked
    assert type(answer) is type(checked)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("learning_rate", 0, "a number > 0"),
        ("learning_rate", "0.1", "a number > 0"),
        ("learning_rate", True, "a number > 0"),
        ("learning_rate", float("nan"), "a number > 0"),
        ("learning_rate", float("inf"), "a number > 0"),
        ("learning_rate", 10**400, "a number > 0"),
        ("learning_rate", None, "a number > 0"),
        ("beta1", 1, "a number >= 0 and < 1"),
        ("beta2", -0.1, "a number >= 0 and < 1"),
        ("epsilon", 0, "a number > 0"),
        ("l2", -1e-9, "a number >= 0"),
        ("layers", -1, "an integer >= 0 and <= 100"),
        ("layers", 101, "an integer >= 0 and <= 100"),
        ("layers", 2.5, "an integer >= 0 and <= 100"),
        ("layers", True, "an integer >= 0 and <= 100"),
        ("batch_size", 0, "all, or an integer >= 1"),
        ("batch_size", "some", "all, or an integer >= 1"),
        ("keep_prob", 0, "a number > 0 and <= 1"),
        ("keep_prob_2", 1.5, "a number > 0 and <= 1"),
        ("epochs", 0, "an integer >= 1"),
        ("epochs", float("inf"), "an integer >= 1"),
        ("hidden_units", 0, "an integer, or a list with one integer per hidden layer, each >= 1"),
        ("hidden_units", [64, 0], "an integer, or a list with one integer per hidden layer, each >= 1"),
        ("hidden_units", [64, [32]], "an integer, or a list with one integer per hidden layer, each >= 1"),
        ("hidden_units", "64", "an integer, or a list with one integer per hidden layer, each >= 1"),
        ("hidden_units_3", 0, "an integer >= 1"),
        ("hidden_units_3", [5], "an integer >= 1"),
        ("batch_norm", 1, "true or false"),
        ("optimizer", "sgd", "one of adam, momentum, classical_momentum, rmsprop, gradient_descent"),
        ("activation", ["relu"], "one of relu, leaky_relu, tanh, sigmoid, linear"),
    ],
)
def test_a_refused_value_is_named_with_what_is_allowed(name: str, value: object, allowed: str) -> None:
    with pytest.raises(ValueError, match="it must be") as refusal:
        check(name, value)
    assert str(refusal.value).startswith(f"{name} is ")
    assert str(refusal.value).endswith(f"; it must be {allowed}.")
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("name", ["learning_rte", "hidden_units_0", "hidden_units_01", "hidden_units_", "beta", ""])
def test_an_unknown_name_is_not_found_and_refused(name: str) -> None:
    assert find(name) is None
    with pytest.raises(UnknownHyperparameter, match=f"no hyperparameter '{name}'"):
        check(name, 1)
    with pytest.raises(UnknownHyperparameter):
        complete({name: 1})


def test_the_width_of_any_one_layer_is_a_hyperparameter() -> None:
    row = find("hidden_units_17")
    assert row is not None
    assert (row.name, row.kind, row.is_stacked) == ("hidden_units_17", Kind.INT, False)


def test_complete_fills_in_the_defaults_and_changes_nothing_the_second_time() -> None:
    whole = complete({"learning_rate": 1, "hidden_units_2": 8})
    assert whole == {name: row.default for name, row in HYPERPARAMETERS.items()} | {
        "learning_rate": 1.0,
        "hidden_units_2": 8,
    }
    assert complete(whole) == whole


def test_a_list_of_widths_says_how_many_layers_there_are() -> None:
    assert complete({"hidden_units": [9, 8, 7]})["layers"] == 3


def test_a_list_of_widths_that_contradicts_the_layers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"hidden_units is \[9, 8, 7\]; .* list of 2, because layers is 2\."):
        complete({"hidden_units": [9, 8, 7], "layers": 2})


def test_a_list_of_too_many_widths_is_refused() -> None:
    with pytest.raises(ValueError, match="layers is 101"):
        complete({"hidden_units": [4] * 101})


def test_a_batch_of_one_is_refused_with_batch_norm_alone() -> None:
    with pytest.raises(ValueError, match="batch_size is 1; it must be at least 2 when batch_norm is true"):
        complete({"batch_size": 1})
    assert complete({"batch_size": 1, "batch_norm": False})["batch_size"] == 1


@pytest.mark.parametrize(
    ("hparams", "expected"),
    [
        ({"layers": 0}, ()),
        ({"layers": 3, "hidden_units": 5}, (5, 5, 5)),
        ({"layers": 3, "hidden_units": 5, "hidden_units_1": 7, "hidden_units_3": 6}, (7, 5, 6)),
        ({"hidden_units": [5, 6], "hidden_units_2": 7}, (5, 7)),
        ({"layers": 1, "hidden_units": 5, "hidden_units_2": 7}, (5,)),
    ],
)
def test_the_width_of_a_layer_is_its_own_or_the_common_one(hparams: dict[str, Any], expected: tuple[int, ...]) -> None:
    assert widths(complete(hparams)) == expected


def test_the_keep_prob_of_a_layer_is_its_own_or_the_common_one() -> None:
    hparams = complete({"layers": 3, "keep_prob": 0.9, "keep_prob_2": 0.5, "keep_prob_7": 0.1})
    assert keep_probs(hparams) == (0.9, 0.5, 0.9)


def test_a_batch_is_never_more_than_there_is() -> None:
    sizes = [batch_size(complete({"batch_size": size}), n_examples=100) for size in (64, 100, 1000, "all")]
    assert sizes == [64, 100, 100, 100]


def test_softmax_regression_has_nothing_to_normalise() -> None:
    assert not has_batch_norm(complete({"layers": 0}))
    assert has_batch_norm(complete({"layers": 1}))


@pytest.mark.parametrize(
    ("hparams", "stack", "group"),
    [
        ({}, "b64-bn", "b64-bn-h64.64-adam"),
        ({"hidden_units": 80, "layers": 3}, "b64-bn", "b64-bn-h80.80.80-adam"),
        ({"optimizer": "momentum", "batch_norm": False, "batch_size": 1}, "b1", "b1-h64.64-momentum"),
        ({"layers": 0}, "b64-bn", "b64-bn-h-adam"),
        ({"batch_size": "all", "activation": "tanh"}, "ball-bn-tanh", "ball-bn-tanh-h64.64-adam"),
        ({"output": "sigmoid", "penalise_biases": True}, "b64-bn-sigmoid", "b64-bn-sigmoid-h64.64-adam-biases"),
    ],
)
def test_the_keys_of_stacks_and_groups_can_be_read(hparams: dict[str, Any], stack: str, group: str) -> None:
    assert (stack_key(hparams), group_key(hparams)) == (stack, group)


def test_widths_written_in_another_way_have_the_same_group_key() -> None:
    spellings: list[dict[str, Any]] = [
        {"hidden_units": [5, 6]},
        {"layers": 2, "hidden_units": 5, "hidden_units_2": 6},
        {"layers": 2, "hidden_units": 5, "hidden_units_2": 6, "hidden_units_3": 99},
    ]
    assert len({group_key(hparams) for hparams in spellings}) == 1


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "learning_rate": st.floats(1e-6, 1),
    "beta1": st.floats(0, 0.99),
    "l2": st.floats(0, 10),
    "epochs": st.integers(1, 9),
    "optimizer": st.sampled_from(["adam", "momentum"]),
    "activation": st.sampled_from(["relu", "tanh"]),
    "keep_prob": st.floats(0.1, 1),
    "layers": st.integers(0, 2),
    "hidden_units": st.sampled_from([8, 64]),
    "hidden_units_2": st.sampled_from([8, 64]),
    "batch_size": st.sampled_from([2, 64]),
    "batch_norm": st.booleans(),
}
SOME_HPARAMS = st.fixed_dictionaries({}, optional=VALUES)


@given(SOME_HPARAMS, SOME_HPARAMS)
@settings(derandomize=True, max_examples=200, deadline=None)
def test_keys_are_equal_exactly_where_steps_agree_and_where_arrays_have_one_shape_and_one_rule(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    def shared(hparams: dict[str, Any]) -> tuple[object, ...]:
        whole = complete(hparams)
        return whole["batch_size"], whole["batch_norm"], whole["activation"]

    def shape_and_rule(hparams: dict[str, Any]) -> tuple[object, ...]:
        whole = complete(hparams)
        return *shared(hparams), widths(whole), whole["optimizer"]

    assert (stack_key(one) == stack_key(other)) == (shared(one) == shared(other))
    assert (group_key(one) == group_key(other)) == (shape_and_rule(one) == shape_and_rule(other))
