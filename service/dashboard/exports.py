"""The leaderboard as a file: all of it as /v1 gives it, or what a filter leaves of the best."""

from collections.abc import Iterator

from caviar.wire.trials import LeaderboardPage, LeaderboardRow
from service.api.csv_export import header, line
from service.api.leaderboard import export, page_of
from service.context import Service
from service.dashboard.board import MOST_SIFTED, Wanted, sifted
from service.storage.records import SearchRecord


def csv(service: Service, record: SearchRecord, wanted: Wanted) -> Iterator[str]:
    """Raises InvalidRequest."""
    if not wanted.is_sifted:
        return export(service, record)
    return _lines(record, sifted(service, record, wanted)[0])


def json(service: Service, record: SearchRecord, wanted: Wanted) -> str:
    """The best MOST_SIFTED, or what a filter leaves of them; /v1 pages through more. Raises InvalidRequest."""
    if not wanted.is_sifted:
        return page_of(service, record, MOST_SIFTED, None).model_dump_json()
    return LeaderboardPage(items=sifted(service, record, wanted)[0], next=None).model_dump_json()


def _lines(record: SearchRecord, rows: list[LeaderboardRow]) -> Iterator[str]:
    names = list(record.spec["space"])
    metrics = sorted({name for row in rows for name in row.metrics})
    yield header(names, metrics)
    yield from (line(row, names, metrics) for row in rows)
