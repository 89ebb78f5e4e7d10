"""The HTTP interface as Python calls, one each: typed answers in, the server's own error classes out.

`caviar.Client` adds searches as objects to these; workers and commands make the calls themselves.
"""

import copy
import secrets
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from caviar.connection import DEFAULT_URL, Connection, foreign
from caviar.errors import NotFound, RetryLater, ServerFault, Unreachable
from caviar.retries import Again, pause_after
from caviar.spec import SearchSpec
from caviar.wire.event_stream import EVENT_STREAM, Message, messages
from caviar.wire.events import SearchEvent
from caviar.wire.importances import ImportancesAnswer
from caviar.wire.protocol import ClaimAnswer, ClaimRequest, FinishRequest, ReportRequest, Results
from caviar.wire.searches import DryRun, RoundPage, SearchAnswer, SearchChange, SearchPage
from caviar.wire.trials import LeaderboardPage, ReportPage, TrialAnswer, TrialDetail, TrialPage
from caviar.wire.workers import Health, WorkerPage

_LONGEST_SILENCE = 25.0
"""After so many seconds without a word, more than two heartbeats, an event stream counts as lost."""

Parsed = TypeVar("Parsed", bound=BaseModel)


class _Figure(BaseModel):
    data: list[dict[str, Any]]
    layout: dict[str, Any]


class Calls:
    """A connection to one server; close it, or use it in a `with`.

    Raises UsageError for a URL that is none. Every call raises Unreachable when no server answers, and otherwise the
    class of caviar.errors whose code the server's problem bears. `timeout` (seconds) does not include the `wait` of a
    long poll. A server that has answered before and is silent or busy now is asked again for `patience` seconds, where
    the call may be repeated.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        timeout: float = 30.0,
        patience: float = 20.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = Connection(url, timeout=timeout, patience=patience, transport=transport)
        self._is_impatient = False

    @property
    def url(self) -> str:
        return self._connection.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def impatient(self) -> Self:
        """The same connection for whoever asks again by himself, and wants to know of each failure."""
        twin = copy.copy(self)
        twin._is_impatient = True
        return twin

    # Searches

    def create_search(
        self, spec: SearchSpec | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> SearchAnswer:
        """The same key with the same spec gives the same search again; without one, every call makes another."""
        return self._parse(SearchAnswer, "POST", "/v1/searches", json=_document(spec), headers=_keyed(idempotency_key))

    def dry_run(self, spec: SearchSpec | Mapping[str, Any]) -> DryRun:
        """Validate a spec and see sample draws; nothing is kept."""
        return self._parse(DryRun, "POST", "/v1/searches", json=_document(spec), params={"dry_run": "true"})

    def read_search(self, search: str) -> SearchAnswer:
        return self._parse(SearchAnswer, "GET", f"/v1/searches/{_part(search)}")

    def searches(self, *, limit: int = 50, after: str | None = None) -> SearchPage:
        """Newest first."""
        return self._parse(SearchPage, "GET", "/v1/searches", params=_page(limit, after))

    def change(self, search: str, change: SearchChange) -> SearchAnswer:
        body = change.model_dump(mode="json", exclude_unset=True)
        return self._parse(SearchAnswer, "PATCH", f"/v1/searches/{_part(search)}", json=body)

    def repeat_search(self, search: str, *, seed: int | None = None) -> SearchAnswer:
        """The same search once more with another seed; the next one, unless it is given."""
        path, body = f"/v1/searches/{_part(search)}/repeat", {"seed": seed}
        return self._parse(SearchAnswer, "POST", path, json=body, headers=_keyed(None))

    def delete(self, search: str) -> None:
        self._ask("DELETE", f"/v1/searches/{_part(search)}", again=Again.IF_UNSENT)

    def rounds(self, search: str, *, limit: int = 100, after: str | None = None) -> RoundPage:
        return self._parse(RoundPage, "GET", f"/v1/searches/{_part(search)}/rounds", params=_page(limit, after))

    def importances(self, search: str) -> ImportancesAnswer:
        """Which parameters mattered, the most important first."""
        return self._parse(ImportancesAnswer, "GET", f"/v1/searches/{_part(search)}/importances")

    def chart(self, search: str, chart: str, **query: Any) -> dict[str, Any]:
        """A Plotly figure, {"data": […], "layout": {…}}. `query` as in docs/charts.md; what is None is left out."""
        asked = {name: value for name, value in query.items() if value is not None}
        path = f"/v1/searches/{_part(search)}/charts/{_part(chart)}"
        return self._parse(_Figure, "GET", path, params=asked).model_dump()

    def events(self, search: str, *, last: int | None = None) -> Iterator[SearchEvent]:
        """The search as it stands, and again after every change, until it is deleted; also after it has ended.

        Connects again by itself, for as long as it takes, where the server was restarted. What changed meanwhile is one
        event. `last`: the `changes` of an event that is known already. Raises as other calls do where the first
        connection fails.
        """
        path = f"/v1/searches/{_part(search)}/events"
        for message in self._followed(path, None if last is None else str(last)):
            try:
                event = SearchEvent.model_validate_json(message.text)
            except ValidationError as error:
                raise ServerFault(f"{self.url}{path} told no event of this release; update caviar") from error
            yield event

    def _followed(self, path: str, last: str | None) -> Iterator[Message]:
        """The events of one connection after the other, each of which begins where the one before ended."""
        failures, is_known = 0, False
        while True:
            try:
                for message in self._messages(path, last):
                    failures, is_known = 0, True
                    if message.kind == "deleted":
                        return
                    if message.kind == "search":
                        last = message.id
                        yield message
            except NotFound:
                if is_known:  # it was deleted while nobody listened
                    return
                raise
            except (Unreachable, RetryLater, ServerFault):
                if not is_known:
                    raise
            time.sleep(pause_after(failures))
            failures += 1

    def _messages(self, path: str, last: str | None) -> Iterator[Message]:
        """Of one connection; the first says only that there is one."""
        headers = {"Accept": EVENT_STREAM} | ({"Last-Event-ID": last} if last is not None else {})
        with self._connection.stream(path, headers=headers, read_timeout=_LONGEST_SILENCE) as response:
            if response.headers.get("content-type", "").split(";")[0] != EVENT_STREAM:
                raise foreign(response)
            yield Message("open", "", "")
            yield from messages(response.iter_bytes())

    # Trials

    def leaderboard(self, search: str, *, limit: int = 50, after: str | None = None) -> LeaderboardPage:
        return self._parse(
            LeaderboardPage, "GET", f"/v1/searches/{_part(search)}/leaderboard", params=_page(limit, after)
        )

    def leaderboard_csv(self, search: str) -> Iterator[str]:
        """The whole leaderboard as CSV text, in pieces."""
        path, headers = f"/v1/searches/{_part(search)}/leaderboard", {"Accept": "text/csv"}
        with self._connection.stream(path, headers=headers) as response:
            yield from response.iter_text()

    def trials(self, search: str, *, state: str | None = None, limit: int = 50, after: str | None = None) -> TrialPage:
        params = _page(limit, after) | ({"state": state} if state else {})
        return self._parse(TrialPage, "GET", f"/v1/searches/{_part(search)}/trials", params=params)

    def trial(self, trial: str) -> TrialDetail:
        return self._parse(TrialDetail, "GET", f"/v1/trials/{_part(trial)}")

    def reports(self, trial: str, *, limit: int = 1000, after: str | None = None) -> ReportPage:
        return self._parse(ReportPage, "GET", f"/v1/trials/{_part(trial)}/reports", params=_page(limit, after))

    def enqueue(self, search: str, hyperparameters: Mapping[str, Any]) -> TrialAnswer:
        path, body = f"/v1/searches/{_part(search)}/trials", {"hyperparameters": dict(hyperparameters)}
        return self._parse(TrialAnswer, "POST", path, json=body, headers=_keyed(None))

    def cancel_trial(self, trial: str) -> TrialDetail:
        path, body = f"/v1/trials/{_part(trial)}", {"state": "cancelled"}
        return self._parse(TrialDetail, "PATCH", path, json=body, again=Again.IF_UNSENT)

    # Workers

    def workers(self, *, limit: int = 50, after: str | None = None) -> WorkerPage:
        return self._parse(WorkerPage, "GET", "/v1/workers", params=_page(limit, after))

    def claim(self, request: ClaimRequest, *, wait: float = 0.0) -> ClaimAnswer:
        """Take trials. With `wait`, the server answers as soon as there are some, at the latest after that time."""
        return self._parse(ClaimAnswer, "POST", "/v1/trials:claim", json=request.model_dump(mode="json"), wait=wait)

    def report(self, request: ReportRequest) -> Results:
        return self._parse(Results, "POST", "/v1/trials:report", json=request.model_dump(mode="json"))

    def finish(self, request: FinishRequest) -> Results:
        return self._parse(Results, "POST", "/v1/trials:finish", json=request.model_dump(mode="json"))

    def ready(self) -> Health:
        return self._parse(Health, "GET", "/readyz")

    def _parse(self, model: type[Parsed], method: str, path: str, **call: Any) -> Parsed:
        response = self._ask(method, path, **call)
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            raise foreign(response) from error

    def _ask(self, method: str, path: str, **call: Any) -> httpx.Response:
        return self._connection.ask(method, path, is_impatient=self._is_impatient, **call)


def _part(opaque_id: str) -> str:
    """An id as one part of a path, whatever a user typed."""
    return quote(opaque_id, safe="")


def _document(spec: SearchSpec | Mapping[str, Any]) -> dict[str, Any]:
    return spec.document() if isinstance(spec, SearchSpec) else dict(spec)


def _keyed(key: str | None) -> dict[str, str]:
    """With a key of its own, a request that is sent again creates nothing twice."""
    return {"Idempotency-Key": key or secrets.token_hex(16)}


def _page(limit: int, after: str | None) -> dict[str, Any]:
    return {"limit": limit} | ({"after": after} if after is not None else {})
