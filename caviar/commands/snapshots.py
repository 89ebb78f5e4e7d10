"""A search as it stands at one moment, asked of the server again and again."""

from collections.abc import Iterator
from dataclasses import dataclass

from caviar.calls import Calls
from caviar.numbers import from_wire
from caviar.states import OPEN_SEARCH_STATES
from caviar.wire.searches import Round, SearchAnswer
from caviar.wire.trials import LeaderboardRow
from caviar.wire.workers import WorkerAnswer

LEADERS = 10
_WORKERS = 500


@dataclass(frozen=True)
class Snapshot:
    """`new_rounds` are those that no earlier snapshot of the same Camera showed.

    `course`: the best value after so many trials, as (trials, value). It is taken from what the rounds saw, and goes on
    with what was seen since the camera was set up.
    """

    search: SearchAnswer
    leaders: list[LeaderboardRow]
    new_rounds: list[Round]
    current_round: Round | None
    course: list[tuple[int, float]]
    workers: list[WorkerAnswer]

    @property
    def is_last(self) -> bool:
        return self.search.state not in OPEN_SEARCH_STATES


class Camera:
    """Takes snapshots of one search. Each reads only the page of rounds where new ones can be."""

    def __init__(self, client: Calls, search: str) -> None:
        self._client = client.impatient()
        self._search = search
        self._page_start: str | None = None
        self._current_round: Round | None = None
        self._seen_by_rounds: list[tuple[int, float]] = []
        self._seen_since: list[tuple[int, float]] = []

    def take(self) -> Snapshot:
        # The search first: once it has ended, leaderboard and rounds are final too.
        search = self._client.read_search(self._search)
        leaders = self._client.leaderboard(self._search, limit=LEADERS).items
        seen = -1 if self._current_round is None else self._current_round.round
        new_rounds = [stage for stage in self._last_pages() if stage.round > seen]
        self._current_round = new_rounds[-1] if new_rounds else self._current_round
        workers = self._client.workers(limit=_WORKERS).items
        return Snapshot(search, leaders, new_rounds, self._current_round, self._course(search, new_rounds), workers)

    def _last_pages(self) -> Iterator[Round]:
        while True:
            page = self._client.rounds(self._search, after=self._page_start)
            yield from page.items
            if page.next is None:
                return
            self._page_start = page.next

    def _course(self, search: SearchAnswer, new_rounds: list[Round]) -> list[tuple[int, float]]:
        self._seen_by_rounds += [(stage.first, from_wire(stage.best["value"])) for stage in new_rounds if stage.best]
        if search.best and (not self._seen_since or self._seen_since[-1][1] != search.best.value):
            self._seen_since.append((search.progress.finished, search.best.value))
        begun = self._seen_since[0][0] if self._seen_since else 0
        # A round's best was known before its first trial ran, and is still the best of them after it.
        before = [(trials, value) for trials, value in self._seen_by_rounds if trials < begun]
        now = [(search.progress.finished, search.best.value)] if search.best else []
        return [*before, *self._seen_since, *now]
