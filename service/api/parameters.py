"""What routes take from paths, queries and headers, each read and checked in one place.

The readers are coroutines because a plain function would take a thread for each request.
"""

import base64
import binascii
import json
import re
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request

from caviar.errors import InvalidRequest, NotFound
from caviar.parameters import is_text
from service.context import Service
from service.ids import LARGEST, NEVER_GIVEN, as_key

LONGEST_WAIT_SECONDS = 30.0
_PREFERRED_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d+(?:\.\d+)?)")


async def _service(request: Request) -> Service:
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


def search_key(search: str) -> int:
    """Raises NotFound for an id that we never gave out."""
    if as_key(search) == NEVER_GIVEN:
        raise NotFound(f"there is no search {search!r}; GET /v1/searches lists them")
    return as_key(search)


async def _search_id(search: Annotated[str, Path(description="the search's id", examples=["1"])]) -> int:
    return search_key(search)


async def _trial_id(trial: Annotated[str, Path(description="the trial's id", examples=["31"])]) -> int:
    if as_key(trial) == NEVER_GIVEN:
        raise NotFound(f"there is no trial {trial!r}; GET /v1/searches/{{id}}/trials lists a search's trials")
    return as_key(trial)


async def _wait(
    prefer: Annotated[str | None, Header(alias="Prefer", description="`wait=20`: hold the answer for so long")] = None,
) -> float:
    return seconds_to_wait(prefer)


def seconds_to_wait(prefer: str | None) -> float:
    """Of a Prefer header (RFC 7240). A preference that is not understood is ignored, as the RFC demands."""
    found = _PREFERRED_WAIT.search(prefer or "")
    return min(float(found[1]), LONGEST_WAIT_SECONDS) if found else 0.0


async def _after(
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> list[Any] | None:
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
    """The parts of a cursor, checked: one of another list, or one that no page gave, is refused."""
    if after is None:
        return None
    if len(after) != len(kinds) or not all(map(_is_storable, after, kinds)):
        raise InvalidRequest("after: this cursor belongs to another list; use `next` of the page before")
    return tuple(after)


class Long(int):
    """The kind of a whole number of 64 bits; `int` is one of 32. They are as wide as the database's columns."""


_LARGEST = {int: 2**31 - 1, Long: LARGEST}


def _is_storable(part: Any, kind: type) -> bool:
    """Whether a database can compare this with its own values of that kind."""
    if kind in _LARGEST:
        return type(part) is int and 0 <= part <= _LARGEST[kind]
    if kind is str:
        return isinstance(part, str) and is_text(part)
    return type(part) is kind


def _decoded(text: str) -> list[Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise InvalidRequest("after: this is no cursor; use `next` of the page before") from error
    if not isinstance(found, list):
        raise InvalidRequest("after: this is no cursor; use `next` of the page before")
    return found
