"""The search spec: what a user POSTs to /v1/searches."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from caviar.errors import FieldError
from caviar.numbers import LARGEST_INTEGER
from caviar.parameters import Choice, Parameter, Range, Value
from caviar.recommended import READY_SPACES, TRAINER, ready_space
from caviar.space import Space
from caviar.spelling import did_you_mean
from caviar.states import Goal
from caviar.stopping import NoStopping, StoppingSpec
from caviar.stopping import explain as explain_stopping
from caviar.validation import NAME, NO_NUL, ONE_LINE, pointer, sentence, shown

Identifier = Annotated[str, StringConstraints(pattern=NAME)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE)]
Notes = Annotated[str, StringConstraints(max_length=10_000, pattern=NO_NUL)]
Seed = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Priority = Annotated[int, Field(ge=-100, le=100)]
Budget = Annotated[int, Field(ge=1, le=10_000_000)]


CONFIRMATIONS = 3
"""So many leaders does a zoom run again, unless the spec says otherwise."""

EXAMPLE: dict[str, Any] = {
    "name": "digits",
    "trainer": "mlp",
    "dataset": "digits",
    "metric": "dev_accuracy",
    "goal": "maximize",
    "space": {
        "learning_rate": {"low": 0.0001, "high": 1.0, "scale": "log"},
        "beta1": {"low": 0.9, "high": 0.999, "scale": "reverse_log"},
        "batch_size": {"values": [64, 128, 256]},
        "epochs": 20,
    },
    "trials": 48,
    "parallel": 8,
    "seed": 0,
}


class SamplerName(StrEnum):
    RANDOM = "random"
    SOBOL = "sobol"
    GRID = "grid"
    ZOOM = "zoom"


class Order(StrEnum):
    ROUNDS = "rounds"
    """A round is computed from the rounds up to two before it: the same trials with any number of workers."""
    FREE = "free"
    """A trial is created when there is a place for it, from whatever has finished: nobody ever waits."""


def _named(value: Any) -> Any:
    """`sampler: random` is short for `sampler: {name: random}`."""
    return {"name": value} if isinstance(value, str) else value


class SamplerSpec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: SamplerName = SamplerName.ZOOM
    order: Order = Field(Order.ROUNDS, description="rounds: the same trials with any number of workers; free: no wait")
    screen: bool | None = Field(None, description="zoom: let a model choose among random points; true by default")
    confirm: Annotated[int, Field(ge=0, le=100)] | None = Field(
        None, description="zoom: at the end, run so many leaders again with other seeds; 3 by default"
    )

    @model_validator(mode="after")
    def _check_options(self) -> Self:
        for option in ("screen", "confirm"):
            if self.name is not SamplerName.ZOOM and getattr(self, option) is not None:
                raise PydanticCustomError(
                    "option", "is an option of zoom, not of {name}", {"option": option, "name": self.name.value}
                )
        return self

    @property
    def screens(self) -> bool:
        return self.screen is not False

    @property
    def confirms(self) -> int:
        return CONFIRMATIONS if self.confirm is None else self.confirm


class StartFrom(BaseModel):
    """The best trials of another search, as first trials of this one, each moved into its space."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    search: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    top: Annotated[int, Field(ge=1, le=1000)] = 5


def _written_out(value: Any, others: ValidationInfo) -> Any:
    """`space: recommended` stands for all of that space's parameters."""
    if not isinstance(value, str):
        return value
    trainer = others.data.get("trainer", TRAINER)
    if value not in READY_SPACES:
        reason = f"{shown(value)} is no ready space; {did_you_mean(value, READY_SPACES)}"
    elif trainer != TRAINER:
        reason = f"{value} is for the trainer {TRAINER}; list the parameters that {trainer} takes"
    else:
        return ready_space(value)
    raise PydanticCustomError("parameter", "{reason}", {"reason": reason})


_Listed = Annotated[dict[Identifier, Parameter], Field(min_length=1, max_length=1000)]
ReadySpace = Literal["recommended", "recommended-1", "recommended-2"]


class SearchSpec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    name: Title = "untitled"
    trainer: Identifier = "mlp"
    dataset: Identifier | None = None
    metric: Identifier
    goal: Goal
    space: Annotated[_Listed, BeforeValidator(_written_out, json_schema_input_type=_Listed | ReadySpace)]
    sampler: Annotated[SamplerSpec, BeforeValidator(_named)] = SamplerSpec()
    stopping: StoppingSpec = NoStopping()
    start: list[dict[Identifier, Value]] = Field([], max_length=1000, description="hyperparameters to run first")
    start_from: StartFrom | None = Field(None, description="run the best of another search first")
    trials: Budget = 100
    parallel: Annotated[int, Field(ge=1, le=10_000, description="trials open at once")] = 8
    seed: Seed = 0
    max_seconds: Annotated[FiniteFloat, Field(gt=0, le=315_360_000)] | None = Field(
        None, description="stop handing out trials after"
    )
    target: FiniteFloat | None = Field(None, description="the search is complete when a trial reaches this value")
    priority: Priority = 0
    notes: Notes = ""

    @model_validator(mode="after")
    def _check_conditions(self) -> Self:
        for problem in Space(self.space).problems():
            raise PydanticCustomError(
                "space", "{where}: {reason}", {"where": problem.pointer, "reason": problem.detail}
            )
        return self

    @cached_property
    def domain(self) -> Space:
        return Space(self.space)

    def document(self) -> dict[str, Any]:
        """The spec as plain JSON values, as it is stored and shown again."""
        return self.model_dump(mode="json", exclude_none=True)


_PARAMETERS: dict[Any, type[BaseModel]] = {"range": Range, "choice": Choice}
_PARTS: dict[Any, type[BaseModel]] = {"sampler": SamplerSpec, "start_from": StartFrom}


def explain(errors: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """Pydantic's errors about a SearchSpec in a person's words."""
    return [_explain(error) for error in errors]


def _explain(error: Mapping[str, Any]) -> FieldError:
    if error["type"] == "space":
        return FieldError(error["ctx"]["where"], error["ctx"]["reason"])
    if error["type"] == "option":
        return FieldError(pointer((*error["loc"], error["ctx"]["option"])), error["msg"])
    if error["loc"][:1] == ("stopping",):
        return explain_stopping(error)
    loc, valid_names = _place(tuple(part for part in error["loc"] if part != "[key]"))
    if len(loc) == 2 and loc[0] == "space" and error["type"] == "missing":
        return FieldError(pointer(loc), "is missing")
    return FieldError(pointer(loc), sentence(error, valid_names))


def _place(loc: tuple[Any, ...]) -> tuple[tuple[Any, ...], Sequence[str]]:
    """The location without pydantic's tags, and the field names that are valid there."""
    if loc[:1] == ("space",) and len(loc) > 2:
        parameter = _PARAMETERS.get(loc[2])
        return loc[:2] + (loc[3:] if parameter else ()), list(parameter.model_fields) if parameter else []
    model = _PARTS.get(loc[0]) if len(loc) > 1 else SearchSpec
    return loc, list(model.model_fields) if model else []
