"""A search in Python: what `Client.submit` and `Client.search` give."""

import importlib
import time
from collections.abc import Iterator, Mapping
from typing import Any, Self

from caviar import asking, notebook
from caviar.asking import AskedTrial
from caviar.calls import Calls
from caviar.errors import CaviarError, RetryLater, SearchEnded, SearchFailed, Unreachable, UsageError, WaitedTooLong
from caviar.plots import Plots
from caviar.progress import Silent, View, choose
from caviar.states import OPEN_SEARCH_STATES, SearchState
from caviar.wire.events import SearchEvent
from caviar.wire.importances import ImportancesAnswer
from caviar.wire.searches import Best, Counts, Progress, Round, SearchAnswer, SearchChange
from caviar.wire.trials import LeaderboardRow, TrialAnswer

FRESH_SECONDS = 1.0
_POLL_SECONDS = 0.5
_PAGE = 500


class Leaderboard(list[LeaderboardRow]):
    """The best trials, the best first; a table in a notebook."""

    def __init__(self, spec: Mapping[str, Any], rows: Iterator[LeaderboardRow]) -> None:
        super().__init__(rows)
        self._spec = dict(spec)

    def _repr_html_(self) -> str:
        return notebook.leaderboard_html(self._spec, self)


class Search:
    """One search on its server.

    `state`, `best` and the other properties are never older than a second: they ask the server when what it last told
    is older, so that a few of them read together speak of one moment. `answer` is all of it at once.
    """

    def __init__(self, calls: Calls, answer: SearchAnswer) -> None:
        self._calls = calls
        self.id, self.spec = answer.id, answer.spec
        self._keep(answer)

    def __repr__(self) -> str:
        told = self._answer
        return f"<search {self.id} ({told.name}): {told.state}, {told.progress.finished}/{told.trials} finished>"

    # As it stands

    @property
    def answer(self) -> SearchAnswer:
        """Everything the server says of the search, as it stood less than a second ago."""
        return self._answer if time.monotonic() - self._told_at < FRESH_SECONDS else self.refresh()._answer

    def refresh(self) -> Self:
        """Ask the server now."""
        return self._keep(self._calls.read_search(self.id))

    @property
    def name(self) -> str:
        return self.answer.name

    @property
    def state(self) -> SearchState:
        return self.answer.state

    @property
    def is_open(self) -> bool:
        """Whether trials may still come: it is active or paused."""
        return self.state in OPEN_SEARCH_STATES

    @property
    def counts(self) -> Counts:
        """Trials by state."""
        return self.answer.counts

    @property
    def progress(self) -> Progress:
        return self.answer.progress

    @property
    def best(self) -> Best | None:
        """The best trial so far: its number, value and hyperparameters; None before the first result."""
        return self.answer.best

    @property
    def waits_for(self) -> str | None:
        """What somebody must do, or know, when the search stands still."""
        return self.answer.waits_for

    def events(self, *, last: int | None = None) -> Iterator[SearchEvent]:
        """The search as it stands, and again after every change; docs/events.md."""
        return self._calls.events(self.id, last=last)

    # Its results

    def leaderboard(self, limit: int = 50) -> Leaderboard:
        """The best `limit` trials, the best first."""
        return Leaderboard(self.spec, self._ranked(limit))

    def trials(self, *, state: str | None = None) -> Iterator[TrialAnswer]:
        """All trials by number, or those in one state; page by page, however many there are."""
        after: str | None = None
        while True:
            page = self._calls.trials(self.id, state=state, limit=_PAGE, after=after)
            yield from page.items
            if (after := page.next) is None:
                return

    def rounds(self) -> list[Round]:
        """How the zoom went: each round's box, and why it is as it is."""
        found: list[Round] = []
        after: str | None = None
        while True:
            page = self._calls.rounds(self.id, limit=_PAGE, after=after)
            found += page.items
            if (after := page.next) is None:
                return found

    def importances(self) -> ImportancesAnswer:
        """Which parameters mattered, the most important first."""
        return self._calls.importances(self.id)

    @property
    def plot(self) -> Plots:
        """Its charts as Plotly figures: `search.plot.history()`."""
        return Plots(self._calls, self.id)

    def to_pandas(self) -> Any:
        """The whole leaderboard as a pandas.DataFrame, with the columns of `caviar export`; its index is the rank.

        Raises UsageError where pandas is not installed.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError as error:
            raise UsageError("to_pandas needs pandas, which is not installed: pip install pandas") from error
        return pandas.DataFrame.from_records([_record(row) for row in self._ranked(None)], index="rank")

    def _ranked(self, limit: int | None) -> Iterator[LeaderboardRow]:
        after: str | None = None
        while limit is None or limit > 0:
            page = self._calls.leaderboard(self.id, limit=_PAGE if limit is None else min(limit, _PAGE), after=after)
            yield from page.items
            if (after := page.next) is None:
                return
            limit = None if limit is None else limit - len(page.items)

    # What can be done with it

    def wait(self, *, timeout: float | None = None, show: bool = True) -> Self:
        """Until the search has completed, through restarts of its server; a bar, or a table in a notebook, shows it.

        Raises SearchFailed when it ends otherwise, and WaitedTooLong after `timeout` seconds. Ctrl-C ends the waiting,
        never the search.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with choose() if show else Silent() as shown:
            while not self._has_ended(shown):
                if deadline is not None and time.monotonic() >= deadline:
                    raise WaitedTooLong(f"search {self.id} ({self._answer.name}) was not done after {timeout:g} s")
                time.sleep(_POLL_SECONDS)
        if self._answer.state is not SearchState.COMPLETED:
            raise SearchFailed(f"search {self.id} ({self._answer.name}) is {self._answer.state}{self._reason()}")
        return self

    def pause(self) -> Self:
        """Hand out no more trials; what runs goes on."""
        return self._change(SearchChange(state=SearchState.PAUSED))

    def resume(self) -> Self:
        return self._change(SearchChange(state=SearchState.ACTIVE))

    def cancel(self) -> Self:
        """End it for good; its results stay."""
        return self._change(SearchChange(state=SearchState.CANCELLED))

    def extend(self, *, to: int) -> Self:
        """The budget from now on: `to` trials in all. A completed search goes on."""
        return self._change(SearchChange(trials=to))

    def enqueue(self, hyperparameters: Mapping[str, Any]) -> TrialAnswer:
        """A trial of your own choice, which the zoom learns from."""
        return self._calls.enqueue(self.id, hyperparameters)

    def repeat(self, *, seed: int | None = None) -> "Search":
        """The same search once more, with another seed: how much was chance?"""
        return Search(self._calls, self._calls.repeat_search(self.id, seed=seed))

    def delete(self) -> None:
        """Remove it with its trials."""
        self._calls.delete(self.id)

    def ask(self, *, timeout: float | None = None) -> AskedTrial:
        """A trial to run in this process, as soon as there is one: `with search.ask() as trial:`.

        Raises SearchEnded when there will be none, and WaitedTooLong after `timeout` seconds.
        """
        return asking.ask(self._calls, self._answer, timeout=timeout)

    def asks(self) -> Iterator[AskedTrial]:
        """One trial after the other until the search has ended: `for trial in search.asks():` and `with trial:`."""
        while True:
            try:
                trial = self.ask()
            except SearchEnded:
                return
            yield trial

    # In a notebook

    def _repr_html_(self) -> str:
        try:
            return self._drawing(self.refresh()._answer)
        except CaviarError as error:
            return notebook.search_html(self._answer, (), note=error.detail)

    def _drawing(self, answer: SearchAnswer) -> str:
        return notebook.search_html(answer, list(self._ranked(notebook.LEADERS)))

    # Inside

    def _keep(self, answer: SearchAnswer) -> Self:
        self._answer, self._told_at = answer, time.monotonic()
        return self

    def _change(self, change: SearchChange) -> Self:
        return self._keep(self._calls.change(self.id, change))

    def _has_ended(self, shown: View) -> bool:
        """A server that is away is asked again: the search is on its disk."""
        try:
            answer = self.refresh()._answer
            shown.show(answer, lambda: self._drawing(answer))
        except (Unreachable, RetryLater):
            return False
        return answer.state not in OPEN_SEARCH_STATES

    def _reason(self) -> str:
        """The first failed trial's error: when all fail, they mostly fail alike."""
        failed = self._calls.trials(self.id, state="failed", limit=1).items
        error = failed[0].error if failed else None
        return f"; trial {failed[0].number} failed: {error.detail}" if error else ""


def _record(row: LeaderboardRow) -> dict[str, Any]:
    fixed = {"rank": row.rank, "number": row.number, "id": row.id, "state": str(row.state), "value": row.value}
    more = {"round": row.round, "origin": str(row.origin), "diverged": row.diverged}
    hparams = {f"hyperparameters.{name}": value for name, value in row.hyperparameters.items()}
    return {**fixed, **more, **hparams, **{f"metrics.{name}": value for name, value in row.metrics.items()}}
