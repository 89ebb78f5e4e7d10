"""A search as it stands at one moment, asked of the server again and again."""

from collections.abc import Iterator
from dataclasses import dataclass

from caviar.calls import Calls
from caviar.states import SearchState
from caviar.wire.searches import Round, SearchAnswer
from caviar.wire.trials import LeaderboardRow

ENDED = frozenset({SearchState.COMPLETED, SearchState.FAILED, SearchState.CANCELLED})
LEADERS = 10


@dataclass(frozen=True)
class Snapshot:
    """`new_rounds` are those that no earlier snapshot of the same Camera showed."""

    search: SearchAnswer
    leaders: list[LeaderboardRow]
    new_rounds: list[Round]
    current_round: Round | None

    @property
    def is_last(self) -> bool:
        return self.search.state in ENDED


class Camera:
    """Takes snapshots of one search. Each reads only the page of rounds where new ones can be."""

    def __init__(self, client: Calls, search: str) -> None:
        self._client = client.impatient()
        self._search = search
        self._page_start: str | None = None
        self._current_round: Round | None = None

    def take(self) -> Snapshot:
        # The search first: once it has ended, leaderboard and rounds are final too.
        search = self._client.read_search(self._search)
        leaders = self._client.leaderboard(self._search, limit=LEADERS).items
        seen = -1 if self._current_round is None else self._current_round.round
        new_rounds = [stage for stage in self._last_pages() if stage.round > seen]
        self._current_round = new_rounds[-1] if new_rounds else self._current_round
        return Snapshot(search, leaders, new_rounds, self._current_round)

    def _last_pages(self) -> Iterator[Round]:
        while True:
            page = self._client.rounds(self._search, after=self._page_start)
            yield from page.items
            if page.next is None:
                return
            self._page_start = page.next
