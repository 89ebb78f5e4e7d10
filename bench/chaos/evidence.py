"""What the server says after a run, read over HTTP: every search with its trials, attempts, reports and leaderboard."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from caviar.client import Client
from caviar.wire.searches import SearchAnswer
from caviar.wire.trials import LeaderboardRow, Report, TrialDetail

_PAGE = 1000


@dataclass(frozen=True)
class Told:
    """One search. `trials` in the order of their numbers; `reports` by trial id, in the order of attempts and steps."""

    search: SearchAnswer
    trials: Sequence[TrialDetail]
    reports: Mapping[str, Sequence[Report]]
    leaderboard: Sequence[LeaderboardRow]


def read(client: Client) -> list[Told]:
    """All searches, the oldest first."""
    found = _all(lambda after: client.searches(limit=_PAGE, after=after))
    return [_read(client, search) for search in reversed(found)]


def _read(client: Client, search: SearchAnswer) -> Told:
    listed = _all(lambda after: client.trials(search.id, limit=_PAGE, after=after))
    trials = [client.trial(trial.id) for trial in listed]
    reports = {
        trial.id: _all(lambda after, trial=trial: client.reports(trial.id, after=after))  # type: ignore[misc]
        for trial in trials
    }
    return Told(search, trials, reports, _all(lambda after: client.leaderboard(search.id, limit=_PAGE, after=after)))


Item_co = TypeVar("Item_co", covariant=True)


class _Page(Protocol[Item_co]):
    @property
    def items(self) -> Sequence[Item_co]: ...
    @property
    def next(self) -> str | None: ...


def _all(page: Callable[[str | None], _Page[Any]]) -> list[Any]:
    items, after = list[Any](), None
    while True:
        found = page(after)
        items += found.items
        if found.next is None:
            return items
        after = found.next
