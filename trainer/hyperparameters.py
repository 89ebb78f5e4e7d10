"""What the built-in trainer `mlp` accepts: the one definition, for the server, the command line and the trainer.

Pure standard library, because the server imports it and must start fast. A value is what JSON can say: a number, a
bool, a string, or a list of integers.
"""

import math
import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

EPOCH_METRICS = ("train_cost", "train_accuracy", "train_error", "dev_cost", "dev_accuracy", "dev_error")
FINAL_METRICS = ("test_cost", "test_accuracy", "test_error")
METRICS = EPOCH_METRICS + FINAL_METRICS
"""Reported after every epoch, and, the test_ ones, at the end."""


class UnknownHyperparameter(LookupError):
    """No hyperparameter of the built-in trainer has this name."""


class Kind(StrEnum):
    """What type a value has."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    CHOICE = "choice"
    WIDTHS = "int or list"


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """One hyperparameter: `minimum` and `maximum` are allowed values, `above` and `below` are not.

    `is_stacked`: trials are trained in one array only if they agree on it.
    """

    name: str
    kind: Kind
    default: Any
    sentence: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    is_stacked: bool = False

    @property
    def allowed(self) -> str:
        """What a value must be, in words: `an integer >= 1`."""
        words = {
            Kind.FLOAT: "a number",
            Kind.INT: "an integer",
            Kind.BOOL: "true or false",
            Kind.CHOICE: "one of " + ", ".join(self.choices),
            Kind.WIDTHS: "an integer, or a list with one integer per hidden layer, each",
        }
        return " ".join([words[self.kind], " and ".join(self._bounds())]).strip()

    def _bounds(self) -> list[str]:
        signs = {">=": self.minimum, ">": self.above, "<=": self.maximum, "<": self.below}
        return [f"{sign} {bound:g}" for sign, bound in signs.items() if bound is not None]

    def accepts(self, number: float) -> bool:
        """Whether a number, or one width of a list, lies within the bounds."""
        return (
            (self.minimum is None or number >= self.minimum)
            and (self.maximum is None or number <= self.maximum)
            and (self.above is None or number > self.above)
            and (self.below is None or number < self.below)
        )


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
        choices=("adam", "momentum"),
        is_stacked=True,
        sentence="How a gradient becomes a step: Adam, or gradient descent with momentum.",
    ),
    Hyperparameter(
        name="beta1",
        kind=Kind.FLOAT,
        default=0.9,
        minimum=0,
        below=1,
        sentence="How much of the average of past gradients is kept at each step; for adam and momentum.",
    ),
    Hyperparameter(
        name="beta2",
        kind=Kind.FLOAT,
        default=0.999,
        minimum=0,
        below=1,
        sentence="How much of the average of past squared gradients is kept at each step; for adam.",
    ),
    Hyperparameter(
        name="epsilon",
        kind=Kind.FLOAT,
        default=1e-8,
        above=0,
        sentence="Keeps adam from dividing by zero; added to the root, not under it.",
    ),
    Hyperparameter(
        name="layers",
        kind=Kind.INT,
        default=2,
        minimum=0,
        maximum=100,
        is_stacked=True,
        sentence="The number of hidden layers; 0 is softmax regression.",
    ),
    Hyperparameter(
        name="hidden_units",
        kind=Kind.WIDTHS,
        default=64,
        minimum=1,
        is_stacked=True,
        sentence="The width of every hidden layer, or a list with the width of each.",
    ),
    Hyperparameter(
        name="batch_size",
        kind=Kind.INT,
        default=64,
        minimum=1,
        is_stacked=True,
        sentence="The number of examples per step; above the number of examples, all of them.",
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
        name="epochs",
        kind=Kind.INT,
        default=20,
        minimum=1,
        sentence="How many times the training set is gone through.",
    ),
)

HYPERPARAMETERS: Mapping[str, Hyperparameter] = MappingProxyType({row.name: row for row in _TABLE})

HIDDEN_UNITS_N = Hyperparameter(
    name="hidden_units_N",
    kind=Kind.INT,
    default=None,
    minimum=1,
    is_stacked=True,
    sentence="The width of hidden layer N alone, counted from 1; overrides hidden_units, and waits for a layer N.",
)
"""The pattern of hidden_units_1, hidden_units_2, ...; it has no default: without it, hidden_units holds."""

_HIDDEN_UNITS_N = re.compile(r"hidden_units_[1-9][0-9]{0,5}")


def names() -> tuple[str, ...]:
    """Every name but the hidden_units_N, in the order a reader wants them."""
    return tuple(HYPERPARAMETERS)


def find(name: str) -> Hyperparameter | None:
    """The hyperparameter of this name, hidden_units_N included; None if there is none."""
    if _HIDDEN_UNITS_N.fullmatch(name):
        return replace(HIDDEN_UNITS_N, name=name)
    return HYPERPARAMETERS.get(name)


def check(name: str, value: object) -> Any:
    """The value in the hyperparameter's own type: 1 as a float is 1.0, 64.0 as an integer is 64.

    Raises UnknownHyperparameter, or ValueError with a sentence that says what is allowed.
    """
    hyperparameter = find(name)
    if hyperparameter is None:
        raise UnknownHyperparameter(f"The trainer mlp has no hyperparameter {name!r}.")
    checked = _converted(hyperparameter, value)
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


def has_batch_norm(hparams: Mapping[str, Any]) -> bool:
    """Whether the network has a layer that normalises; softmax regression has none to normalise."""
    return bool(hparams["batch_norm"] and hparams["layers"] > 0)


def stack_key(hparams: Mapping[str, object]) -> str:
    """Equal exactly for hyperparameters that can be trained in one array, such as `adam-b64-h80.80.80-bn`.

    Raises as `complete` does.
    """
    whole = complete(hparams)
    hidden = ".".join(str(width) for width in widths(whole))
    parts = [whole["optimizer"], f"b{whole['batch_size']}", f"h{hidden}"]
    return "-".join(parts + ["bn"] * has_batch_norm(whole))


def _converted(hyperparameter: Hyperparameter, value: object) -> Any:
    """The value in its type, or None if it is not allowed."""
    match hyperparameter.kind:
        case Kind.BOOL:
            return value if isinstance(value, bool) else None
        case Kind.CHOICE:
            return value if isinstance(value, str) and value in hyperparameter.choices else None
        case Kind.WIDTHS if isinstance(value, Sequence) and not isinstance(value, str):
            each = [_converted_number(hyperparameter, width) for width in value]
            return None if None in each else each
    return _converted_number(hyperparameter, value)


def _converted_number(hyperparameter: Hyperparameter, value: object) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if (isinstance(value, float) and not math.isfinite(value)) or not hyperparameter.accepts(value):
        return None
    if hyperparameter.kind is Kind.FLOAT:
        return float(value) if abs(value) < 1e308 else None
    return int(value) if value == int(value) else None
