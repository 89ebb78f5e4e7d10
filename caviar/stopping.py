"""How a spec names its stopping rule: `stopping: {name: asha, eta: 4}`, or `stopping: asha` for its defaults."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from caviar.errors import FieldError
from caviar.numbers import LARGEST_INTEGER
from caviar.spelling import did_you_mean
from caviar.validation import pointer, sentence, shown

LATEST_TRIALS = 1000
"""A rung compares a trial with so many finished ones at most, the latest: what more of them cost would tell little."""


class StoppingName(StrEnum):
    NONE = "none"
    MEDIAN = "median"
    ASHA = "asha"


_MinSteps = Annotated[
    int, Field(ge=1, le=LARGEST_INTEGER, description="no trial is judged before this step; the first rung")
]


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoStopping(_Rule):
    name: Literal[StoppingName.NONE] = StoppingName.NONE


class MedianStopping(_Rule):
    name: Literal[StoppingName.MEDIAN] = StoppingName.MEDIAN
    min_steps: _MinSteps = 1
    min_trials: Annotated[
        int, Field(ge=1, le=LATEST_TRIALS, description="so many finished trials make the first median of a rung")
    ] = 5


class AshaStopping(_Rule):
    name: Literal[StoppingName.ASHA] = StoppingName.ASHA
    eta: Annotated[
        int, Field(ge=2, le=LATEST_TRIALS, description="one in eta goes on; a rung lies at eta times the step before")
    ] = 3
    min_steps: _MinSteps = 1


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


StoppingSpec = Annotated[
    Annotated[NoStopping | MedianStopping | AshaStopping, Field(discriminator="name")], BeforeValidator(_named)
]
RULES: dict[str, type[BaseModel]] = {
    StoppingName.NONE: NoStopping,
    StoppingName.MEDIAN: MedianStopping,
    StoppingName.ASHA: AshaStopping,
}
_spec: TypeAdapter[NoStopping | MedianStopping | AshaStopping] = TypeAdapter(StoppingSpec)


def parse(document: Any) -> NoStopping | MedianStopping | AshaStopping:
    """The `stopping` of a stored spec."""
    return _spec.validate_python(document)


def explain(error: Mapping[str, Any]) -> FieldError:
    """Pydantic's error about the `stopping` of a spec in a person's words."""
    loc = tuple(error["loc"])
    if error["type"] == "union_tag_not_found":
        return FieldError("/stopping/name", f"is missing; {did_you_mean('', RULES)}")
    if error["type"] == "union_tag_invalid":
        given = str(error["ctx"]["tag"])
        return FieldError("/stopping/name", f"{shown(given)} is not known; {did_you_mean(given, RULES)}")
    if len(loc) < 3:
        return FieldError(pointer(loc), sentence(error, ()))
    rule, field = str(loc[1]), str(loc[2])
    place = pointer(("stopping", *loc[2:]))
    others = sorted(name for name, model in RULES.items() if field in model.model_fields)
    if error["type"] == "extra_forbidden" and others:
        hint = did_you_mean("", RULES[rule].model_fields)
        return FieldError(place, f"is an option of {' and '.join(others)}, not of {rule}; {hint}")
    return FieldError(place, sentence(error, RULES[rule].model_fields))
