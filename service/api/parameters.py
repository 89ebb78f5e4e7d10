"""What routes take from paths, queries and headers, each read and checked in one place."""

import base64
import binascii
import json
import re
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request

from caviar.errors import InvalidRequest, NotFound
from service.context import Service
from service.storage.attempts import as_id

LONGEST_WAIT_SECONDS = 30.0
_PREFERRED_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d+(?:\.\d+)?)")


def _service(request: Request) -> Service:
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


def _search_id(search: Annotated[str, Path(description="the search's id", examples=["1"])]) -> int:
    if as_id(search) < 0:
        raise NotFound(f"there is no search {search!r}; GET /v1/searches lists them")
    return as_id(search)


def _trial_id(trial: Annotated[str, Path(description="the trial's id", examples=["31"])]) -> int:
    if as_id(trial) < 0:
        raise NotFound(f"there is no trial {trial!r}; GET /v1/searches/{{id}}/trials lists a search's trials")
    return as_id(trial)


def _wait(
    prefer: Annotated[str | None, Header(alias="Prefer", description="`wait=20`: hold the answer for so long")] = None,
) -> float:
    """Seconds (RFC 7240). A preference that is not understood is ignored, as the RFC demands."""
    found = _PREFERRED_WAIT.search(prefer or "")
    return min(float(found[1]), LONGEST_WAIT_SECONDS) if found else 0.0


def _after(after: Annotated[str | None, Query(description="`next` of the page before")] = None) -> list[Any] | None:
    return None if after is None else _decoded(after)


ServiceOf = Annotated[Service, Depends(_service)]
SearchId = Annotated[int, Depends(_search_id)]
TrialId = Annotated[int, Depends(_trial_id)]
Wait = Annotated[float, Depends(_wait)]
After = Annotated[list[Any] | None, Depends(_after)]
Limit = Annotated[int, Query(ge=1, le=1000, description="items per page")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="the same key with the same body creates once",
    ),
]


def cursor(*position: Any) -> str:
    """Where the next page begins, opaque to the reader."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def position(after: list[Any] | None, *kinds: type) -> tuple[Any, ...] | None:
    """The parts of a cursor, checked: a cursor of another list is refused."""
    if after is None:
        return None
    if len(after) != len(kinds) or any(type(part) is not kind for part, kind in zip(after, kinds, strict=True)):
        raise InvalidRequest("after: this cursor belongs to another list; use `next` of the page before")
    return tuple(after)


def _decoded(text: str) -> list[Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("after: this is no cursor; use `next` of the page before") from error
    if not isinstance(found, list):
        raise InvalidRequest("after: this is no cursor; use `next` of the page before")
    return found
