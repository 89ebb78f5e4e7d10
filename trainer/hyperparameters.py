"""What the built-in trainer `mlp` accepts: the one definition, for the server, the command line and the trainer.

Pure standard library, because the server imports it and must start fast. A value is what JSON can say: a number, a
bool, a string, or a list of integers.
"""

import re
import reprlib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from trainer.hyperparameter import Hyperparameter, Kind

CLASS_METRICS = ("cost", "accuracy", "error", "f1", "auc", "balanced_accuracy")
NUMBER_METRICS = ("cost", "mse", "mae", "r2")


def metrics(task: str) -> tuple[str, ...]:
    """What is reported of a task, classification or regression: train_ and dev_ after every epoch, test_ at the end."""
    names = {"classification": CLASS_METRICS, "regression": NUMBER_METRICS}[task]
    return tuple(f"{part}_{name}" for part in ("train", "dev", "test") for name in names)


METRICS = tuple(dict.fromkeys(metrics("classification") + metrics("regression")))
"""All that is reported of any task."""


class UnknownHyperparameter(LookupError):
    """No hyperparameter of the built-in trainer has this name."""


_TABLE = (
    Hyperparameter(
        name="learning_rate",
        kind=Kind.FLOAT,
        default=0.001,
        above=0,
        sentence="The size of a step of the optimizer.",
    ),
    Hyperparameter(
        name="optimizer",
        kind=Kind.CHOICE,
        default="adam",
        choices=("adam", "momentum", "classical_momentum", "rmsprop", "gradient_descent"),
        sentence="How a gradient becomes a step; classical_momentum adds gradients up without the factor 1 - beta1.",
    ),
    Hyperparameter(
        name="beta1",
        kind=Kind.FLOAT,
        default=0.9,
        minimum=0,
        below=1,
        sentence="How much of the average of past gradients is kept at each step; for adam and both momentums.",
    ),
    Hyperparameter(
        name="beta2",
        kind=Kind.FLOAT,
        default=0.999,
        minimum=0,
        below=1,
        sentence="How much of the average of past squared gradients is kept at each step; for adam and rmsprop.",
    ),
    Hyperparameter(
        name="epsilon",
        kind=Kind.FLOAT,
        default=1e-8,
        above=0,
        sentence="Keeps adam and rmsprop from dividing by zero; added to the root, not under it.",
    ),
    Hyperparameter(
        name="decay",
        kind=Kind.CHOICE,
        default="none",
        choices=("none", "inverse_time", "exponential", "inverse_sqrt", "staircase", "cosine"),
        sentence="How the learning rate falls from epoch to epoch.",
    ),
    Hyperparameter(
        name="decay_rate",
        kind=Kind.FLOAT,
        default=0.1,
        minimum=0,
        sentence="How fast: divided by 1 + decay_rate * epoch, or times (1 - decay_rate) per epoch or per stair.",
    ),
    Hyperparameter(
        name="decay_epochs",
        kind=Kind.INT,
        default=10,
        minimum=1,
        sentence="The number of epochs on one stair of decay staircase.",
    ),
    Hyperparameter(
        name="clip_norm",
        kind=Kind.FLOAT,
        default=0.0,
        minimum=0,
        sentence="A gradient longer than this is shortened to it; 0 leaves every gradient as it is.",
    ),
    Hyperparameter(
        name="layers",
        kind=Kind.INT,
        default=2,
        minimum=0,
        maximum=100,
        sentence="The number of hidden layers; 0 is softmax regression.",
    ),
    Hyperparameter(
        name="hidden_units",
        kind=Kind.WIDTHS,
        default=64,
        minimum=1,
        sentence="The width of every hidden layer, or a list with the width of each.",
    ),
    Hyperparameter(
        name="activation",
        kind=Kind.CHOICE,
        default="relu",
        choices=("relu", "leaky_relu", "tanh", "sigmoid", "linear"),
        is_stacked=True,
        sentence="What bends the hidden layers; a leaky ReLU has the slope 0.01 below 0.",
    ),
    Hyperparameter(
        name="initialisation",
        kind=Kind.CHOICE,
        default="auto",
        choices=("auto", "he", "xavier", "glorot"),
        sentence="Variance of the first weights: he 2/n, xavier 1/n, glorot 2/(n_in + n_out); auto is he for ReLUs.",
    ),
    Hyperparameter(
        name="output",
        kind=Kind.CHOICE,
        default="auto",
        choices=("auto", "softmax", "sigmoid", "linear"),
        is_stacked=True,
        sentence="Output and its cost; auto is softmax for classes and linear for numbers; sigmoid is for 2 classes.",
    ),
    Hyperparameter(
        name="batch_size",
        kind=Kind.INT_OR_ALL,
        default=64,
        minimum=1,
        is_stacked=True,
        sentence="The number of examples per step; all, or more than there are, is batch gradient descent.",
    ),
    Hyperparameter(
        name="batch_norm",
        kind=Kind.BOOL,
        default=True,
        is_stacked=True,
        sentence="Whether hidden layers normalise over the batch before their activation; needs batches of 2 or more.",
    ),
    Hyperparameter(
        name="l2",
        kind=Kind.FLOAT,
        default=0.0,
        minimum=0,
        sentence="Lambda of the L2 penalty lambda / 2m * ||w||^2 on weights, where m is the size of the batch.",
    ),
    Hyperparameter(
        name="l1",
        kind=Kind.FLOAT,
        default=0.0,
        minimum=0,
        sentence="Lambda of the L1 penalty lambda / m * sum |w| on weights, where m is the size of the batch.",
    ),
    Hyperparameter(
        name="penalise_biases",
        kind=Kind.BOOL,
        default=False,
        sentence="Whether l1 and l2 act on biases too, and on the beta of batch normalisation.",
    ),
    Hyperparameter(
        name="keep_prob",
        kind=Kind.FLOAT,
        default=1.0,
        above=0,
        maximum=1,
        sentence="The probability that dropout keeps a unit of a hidden layer; 1 is no dropout.",
    ),
    Hyperparameter(
        name="noise",
        kind=Kind.FLOAT,
        default=0.0,
        minimum=0,
        sentence="The deviation of noise on the normalised inputs, drawn anew for every batch.",
    ),
    Hyperparameter(
        name="flip",
        kind=Kind.FLOAT,
        default=0.0,
        minimum=0,
        maximum=1,
        sentence="The probability that an image of the training set is mirrored, left to right.",
    ),
    Hyperparameter(
        name="shift",
        kind=Kind.FLOAT,
        default=0.0,
        minimum=0,
        sentence="By how many pixels, at most, images are shifted in both directions.",
    ),
    Hyperparameter(
        name="rotate",
        kind=Kind.FLOAT,
        default=0.0,
        minimum=0,
        maximum=180,
        sentence="By how many degrees, at most, images are rotated.",
    ),
    Hyperparameter(
        name="zoom",
        kind=Kind.FLOAT,
        default=0.0,
        minimum=0,
        below=1,
        sentence="By which share, at most, images are scaled up or down.",
    ),
    Hyperparameter(
        name="distort",
        kind=Kind.FLOAT,
        default=0.0,
        minimum=0,
        sentence="By about how many pixels images are bent, smoothly.",
    ),
    Hyperparameter(
        name="epochs",
        kind=Kind.INT,
        default=20,
        minimum=1,
        sentence="How many times the training set is gone through.",
    ),
    Hyperparameter(
        name="patience",
        kind=Kind.INT,
        default=0,
        minimum=0,
        sentence="Stop after so many epochs without a lower dev cost, and go back to the best weights; 0 never does.",
    ),
)

HYPERPARAMETERS: Mapping[str, Hyperparameter] = MappingProxyType({row.name: row for row in _TABLE})

HIDDEN_UNITS_N = Hyperparameter(
    name="hidden_units_N",
    kind=Kind.INT,
    default=None,
    minimum=1,
    sentence="The width of hidden layer N alone, counted from 1; overrides hidden_units, and waits for a layer N.",
)
"""The pattern of hidden_units_1, hidden_units_2, ...; it has no default: without it, hidden_units holds."""

KEEP_PROB_N = Hyperparameter(
    name="keep_prob_N",
    kind=Kind.FLOAT,
    default=None,
    above=0,
    maximum=1,
    sentence="The keep_prob of hidden layer N alone, counted from 1; overrides keep_prob, and waits for a layer N.",
)
"""The pattern of keep_prob_1, keep_prob_2, ..., without a default, as above."""

PATTERNS: Mapping[str, Hyperparameter] = MappingProxyType({"hidden_units": HIDDEN_UNITS_N, "keep_prob": KEEP_PROB_N})
"""What may be followed by _N."""

_LAYERS_OWN = re.compile(rf"({'|'.join(PATTERNS)})_[1-9][0-9]{{0,5}}")


def names() -> tuple[str, ...]:
    """Every name but those that end in _N, in the order a reader wants them."""
    return tuple(HYPERPARAMETERS)


def find(name: str) -> Hyperparameter | None:
    """The hyperparameter of this name, hidden_units_N and keep_prob_N included; None if there is none."""
    if own := _LAYERS_OWN.fullmatch(name):
        return replace(PATTERNS[own[1]], name=name)
    return HYPERPARAMETERS.get(name)


def check(name: str, value: object) -> Any:
    """The value in the hyperparameter's own type: 1 as a float is 1.0, 64.0 as an integer is 64.

    Raises UnknownHyperparameter, or ValueError with a sentence that says what is allowed.
    """
    hyperparameter = find(name)
    if hyperparameter is None:
        raise UnknownHyperparameter(f"The trainer mlp has no hyperparameter {name!r}.")
    checked = hyperparameter.converted(value)
    if checked is None:
        raise ValueError(f"{name} is {reprlib.repr(value)}; it must be {hyperparameter.allowed}.")
    return checked


def complete(hparams: Mapping[str, object]) -> dict[str, Any]:
    """All hyperparameters of a trial, defaults filled in, each checked and all checked together.

    A list of widths says the number of layers too. A hidden_units_N beyond the last layer stays and changes nothing.
    Raises as `check` does.
    """
    given = {name: check(name, value) for name, value in hparams.items()}
    whole = {row.name: row.default for row in _TABLE} | given
    if isinstance(whole["hidden_units"], list):
        whole["layers"] = check("layers", given.get("layers", len(whole["hidden_units"])))
        if len(whole["hidden_units"]) != whole["layers"]:
            raise ValueError(
                f"hidden_units is {reprlib.repr(whole['hidden_units'])}; it must be one integer or a list of "
                f"{whole['layers']}, because layers is {whole['layers']}."
            )
    if whole["batch_norm"] and whole["batch_size"] == 1:
        raise ValueError("batch_size is 1; it must be at least 2 when batch_norm is true: one example has no variance.")
    return whole


def widths(hparams: Mapping[str, Any]) -> tuple[int, ...]:
    """The width of every hidden layer, from complete hyperparameters."""
    units, layers = hparams["hidden_units"], hparams["layers"]
    by_layer = units if isinstance(units, list) else [units] * layers
    return tuple(hparams.get(f"hidden_units_{n}", width) for n, width in enumerate(by_layer, start=1))


def batch_size(hparams: Mapping[str, Any], *, n_examples: int) -> int:
    """The number of examples per step, from complete hyperparameters: never more than there are."""
    return n_examples if hparams["batch_size"] == "all" else min(int(hparams["batch_size"]), n_examples)


def keep_probs(hparams: Mapping[str, Any]) -> tuple[float, ...]:
    """The keep_prob of every hidden layer, from complete hyperparameters."""
    return tuple(hparams.get(f"keep_prob_{n}", hparams["keep_prob"]) for n in range(1, hparams["layers"] + 1))


def has_batch_norm(hparams: Mapping[str, Any]) -> bool:
    """Whether the network has a layer that normalises; softmax regression has none to normalise."""
    return bool(hparams["batch_norm"] and hparams["layers"] > 0)


def stack_key(hparams: Mapping[str, object]) -> str:
    """Equal exactly for hyperparameters that can be trained side by side, step by step, such as `b64-bn`.

    Raises as `complete` does.
    """
    return "-".join(_shared(complete(hparams)))


def group_key(hparams: Mapping[str, object]) -> str:
    """Equal exactly for networks of one stack whose arrays have one shape and one rule: `b64-bn-h80.80.80-adam`.

    Raises as `complete` does.
    """
    whole = complete(hparams)
    hidden = ".".join(str(width) for width in widths(whole))
    own = [f"h{hidden}", whole["optimizer"], *["biases"] * whole["penalise_biases"]]
    return "-".join(_shared(whole) + own)


def _shared(whole: Mapping[str, Any]) -> list[str]:
    parts = [f"b{whole['batch_size']}", *["bn"] * whole["batch_norm"]]
    parts += [whole["activation"]] * (whole["activation"] != "relu")
    return parts + [whole["output"]] * (whole["output"] != "auto")
