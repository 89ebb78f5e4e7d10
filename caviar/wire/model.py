"""What all answers and requests have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.config import JsonDict

from caviar.validation import ONE_LINE

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE)]
"""A name or an id: one line, no control characters."""


class Answer(BaseModel):
    """Sent by the server. A client ignores what it does not know, so that answers can grow."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class StrictRequest(BaseModel):
    """Sent by a person: a field nobody knows is a typo and is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkerRequest(BaseModel):
    """Sent by a worker, which may be newer than the server: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def example(value: dict[str, Any]) -> JsonDict:
    return {"examples": [value]}
