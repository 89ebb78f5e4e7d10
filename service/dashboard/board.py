"""The leaderboard as a page shows it: sorted and filtered here, so that a browser never gets more than a page of it.

As it is ranked, a page is read by the index, whatever the size of the search. Another order, or a filter, looks at the
best MOST_SIFTED and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caviar.wire.trials import LeaderboardRow
from service.api.leaderboard import page_of
from service.api.parameters import position
from service.context import Service
from service.dashboard.filters import parse, passes
from service.storage.records import SearchRecord

PAGE = 25
MOST_SIFTED = 2000
MOST_COLUMNS = 12
"""As many parameters are shown unless the reader chooses; a space may have a thousand."""
_FIXED = ("rank", "number", "value", "state", "round", "origin")


@dataclass(frozen=True)
class Wanted:
    """What a reader asked for, in the URL."""

    where: str = ""
    sort: str = ""
    """A column; after a minus the largest come first. Empty: by rank."""
    columns: Sequence[str] = ()
    after: list[Any] | None = None
    """A cursor of the leaderboard, or the rows to skip where it was sifted."""

    @property
    def is_sifted(self) -> bool:
        return bool(self.where.strip() or self.sort)


@dataclass(frozen=True)
class Board:
    rows: list[LeaderboardRow]
    columns: list[str]
    """Hyperparameters and metrics that are shown."""
    choices: list[str]
    """All that could be."""
    found: int
    seen: int
    """How many rows were looked at; `found` of them passed the filter."""
    ranked: int
    next: str | int | None


def board(service: Service, record: SearchRecord, wanted: Wanted) -> Board:
    """Raises InvalidRequest for a filter that is not understood."""
    ranked = sum(record.counts[state] for state in record.counts if state in ("completed", "stopped"))
    more: str | int | None
    if wanted.is_sifted:
        rows, found, seen, more = _sifted(service, record, wanted)
    else:
        page = page_of(service, record, PAGE, position(wanted.after, bool, float, int, int))
        rows, found, seen, more = page.items, ranked, ranked, page.next
    varying = list(record.definition.parsed.domain.varying)
    others = [name for name in record.spec["space"] if name not in varying]
    metrics = sorted({name for row in rows for name in row.metrics})
    choices = [*varying, *(name for name in metrics if name != record.metric), *others]
    columns = [name for name in choices if name in wanted.columns] or varying[:MOST_COLUMNS]
    return Board(rows, columns, choices, found=found, seen=seen, ranked=ranked, next=more)


def cell(row: LeaderboardRow, name: str) -> Any:
    """Of a column: hyperparameters first, because a metric may be called like one."""
    if name in row.hyperparameters:
        return row.hyperparameters[name]
    return row.metrics.get(name)


def sifted(service: Service, record: SearchRecord, wanted: Wanted) -> tuple[list[LeaderboardRow], int]:
    """What passes the filter, in the order that is wanted, and of how many. Raises InvalidRequest."""
    terms = parse(wanted.where)
    best = page_of(service, record, MOST_SIFTED, None).items
    found = [row for row in best if passes(terms, _fields(row))]
    if name := wanted.sort.removeprefix("-"):
        found = _sorted(found, name, is_falling=wanted.sort.startswith("-"))
    return found, len(best)


def _sifted(
    service: Service, record: SearchRecord, wanted: Wanted
) -> tuple[list[LeaderboardRow], int, int, int | None]:
    found, seen = sifted(service, record, wanted)
    (skip,) = position(wanted.after, int) or (0,)
    more = skip + PAGE if len(found) > skip + PAGE else None
    return found[skip : skip + PAGE], len(found), seen, more


def _sorted(rows: list[LeaderboardRow], name: str, *, is_falling: bool) -> list[LeaderboardRow]:
    """Numbers before texts; rows without the field at the end, either way."""
    having = [row for row in rows if _fields(row).get(name) is not None]
    lacking = [row for row in rows if _fields(row).get(name) is None]
    return [*sorted(having, key=lambda row: _key(_fields(row)[name]), reverse=is_falling), *lacking]


def _key(value: Any) -> tuple[bool, float, str]:
    is_number = isinstance(value, int | float)
    return not is_number, float(value) if is_number else 0.0, "" if is_number else str(value)


def _fields(row: LeaderboardRow) -> Mapping[str, Any]:
    fixed = {name: getattr(row, name) for name in _FIXED}
    return {**fixed, **row.metrics, **row.hyperparameters}
