"""What all answers and requests have in common."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator, StringConstraints, WithJsonSchema
from pydantic.config import JsonDict

from caviar.validation import ONE_LINE

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE)]
"""A name or an id: one line, no control characters."""


def _json_object(value: Any) -> dict[str, Any]:
    """Any JSON of a bounded size that a database can keep."""
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    try:
        size = len(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError("must be plain JSON: finite numbers, valid Unicode") from error
    if size > LARGEST_OBJECT:
        raise ValueError(f"must be at most {LARGEST_OBJECT} bytes of JSON")
    return value


LARGEST_OBJECT = 10_000
JsonObject = Annotated[dict[str, Any], PlainValidator(_json_object), WithJsonSchema({"type": "object"})]
"""What nobody but a reader looks into."""


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
