"""The HTTP interface as Python calls: typed answers in, the server's own error classes out."""

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from caviar import __version__
from caviar.errors import (
    CaviarError,
    FieldError,
    NotFound,
    RequestError,
    RetryLater,
    ServerFault,
    Unreachable,
    UsageError,
    every_class,
)
from caviar.spec import SearchSpec
from caviar.wire.event_stream import EVENT_STREAM, Message, messages
from caviar.wire.events import SearchEvent
from caviar.wire.importances import ImportancesAnswer
from caviar.wire.problems import MEDIA_TYPE, Problem
from caviar.wire.protocol import ClaimAnswer, ClaimRequest, FinishRequest, ReportRequest, Results
from caviar.wire.searches import DryRun, RoundPage, SearchAnswer, SearchChange, SearchPage
from caviar.wire.trials import LeaderboardPage, ReportPage, TrialAnswer, TrialDetail, TrialPage
from caviar.wire.workers import Health, WorkerPage

DEFAULT_URL = "http://127.0.0.1:8000"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
"""Seconds until a lost event stream is asked for again, doubling."""
_LONGEST_SILENCE = 25.0
"""After so many seconds without a word, more than two heartbeats, an event stream counts as lost."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
_CLASSES = {cls.code: cls for cls in every_class()}

Parsed = TypeVar("Parsed", bound=BaseModel)


class Client:
    """A connection to one server; close it, or use it in a `with`.

    Raises UsageError for a URL that is none. Every call raises Unreachable when no server answers, and otherwise the
    class of caviar.errors whose code the server's problem bears. `timeout` (seconds) does not include the `wait` of a
    long poll.
    """

    def __init__(
        self, url: str = DEFAULT_URL, *, timeout: float = 30.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url = _address(url)
        self._timeout = timeout
        agent = {"User-Agent": f"caviar/{__version__}"}
        # trust_env off: a proxy from the environment has no business between a worker and its own server.
        self._http = httpx.Client(
            base_url=self.url, timeout=timeout, headers=agent, transport=transport, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # Searches

    def submit(self, spec: SearchSpec | Mapping[str, Any], *, idempotency_key: str | None = None) -> SearchAnswer:
        """Create a search. The same key with the same spec gives the same search again."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._parse(SearchAnswer, "POST", "/v1/searches", json=_document(spec), headers=headers)

    def dry_run(self, spec: SearchSpec | Mapping[str, Any]) -> DryRun:
        """Validate a spec and see sample draws; nothing is kept."""
        return self._parse(DryRun, "POST", "/v1/searches", json=_document(spec), params={"dry_run": "true"})

    def search(self, search: str) -> SearchAnswer:
        return self._parse(SearchAnswer, "GET", f"/v1/searches/{_part(search)}")

    def searches(self, *, limit: int = 50, after: str | None = None) -> SearchPage:
        """Newest first."""
        return self._parse(SearchPage, "GET", "/v1/searches", params=_page(limit, after))

    def change(self, search: str, change: SearchChange) -> SearchAnswer:
        body = change.model_dump(mode="json", exclude_unset=True)
        return self._parse(SearchAnswer, "PATCH", f"/v1/searches/{_part(search)}", json=body)

    def repeat(self, search: str, *, seed: int | None = None) -> SearchAnswer:
        """The same search once more with another seed; the next one, unless it is given."""
        body = {"seed": seed}
        return self._parse(SearchAnswer, "POST", f"/v1/searches/{_part(search)}/repeat", json=body)

    def delete(self, search: str) -> None:
        self._call("DELETE", f"/v1/searches/{_part(search)}")

    def rounds(self, search: str, *, limit: int = 100, after: str | None = None) -> RoundPage:
        return self._parse(RoundPage, "GET", f"/v1/searches/{_part(search)}/rounds", params=_page(limit, after))

    def importances(self, search: str) -> ImportancesAnswer:
        """Which parameters mattered, the most important first."""
        return self._parse(ImportancesAnswer, "GET", f"/v1/searches/{_part(search)}/importances")

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
            time.sleep(min(_FIRST_PAUSE * 2.0 ** min(failures, 10), _LONGEST_PAUSE))
            failures += 1

    def _messages(self, path: str, last: str | None) -> Iterator[Message]:
        """Of one connection; the first says only that there is one."""
        headers = {"Accept": EVENT_STREAM} | ({"Last-Event-ID": last} if last is not None else {})
        timeout = httpx.Timeout(self._timeout, read=_LONGEST_SILENCE)
        try:
            with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                    raise _error_of(response)
                if response.headers.get("content-type", "").split(";")[0] != EVENT_STREAM:
                    raise _foreign(response)
                yield Message("open", "", "")
                yield from messages(response.iter_bytes())
        except httpx.RequestError as error:
            raise self._unreachable(error) from error

    # Trials

    def leaderboard(self, search: str, *, limit: int = 50, after: str | None = None) -> LeaderboardPage:
        return self._parse(
            LeaderboardPage, "GET", f"/v1/searches/{_part(search)}/leaderboard", params=_page(limit, after)
        )

    def leaderboard_csv(self, search: str) -> Iterator[str]:
        """The whole leaderboard as CSV text, in pieces."""
        path, headers = f"/v1/searches/{_part(search)}/leaderboard", {"Accept": "text/csv"}
        try:
            with self._http.stream("GET", path, headers=headers) as response:
                if response.is_error:
                    response.read()
                    raise _error_of(response)
                yield from response.iter_text()
        except httpx.RequestError as error:
            raise self._unreachable(error) from error

    def trials(self, search: str, *, state: str | None = None, limit: int = 50, after: str | None = None) -> TrialPage:
        params = _page(limit, after) | ({"state": state} if state else {})
        return self._parse(TrialPage, "GET", f"/v1/searches/{_part(search)}/trials", params=params)

    def trial(self, trial: str) -> TrialDetail:
        return self._parse(TrialDetail, "GET", f"/v1/trials/{_part(trial)}")

    def reports(self, trial: str, *, limit: int = 1000, after: str | None = None) -> ReportPage:
        return self._parse(ReportPage, "GET", f"/v1/trials/{_part(trial)}/reports", params=_page(limit, after))

    def enqueue(self, search: str, hyperparameters: Mapping[str, Any]) -> TrialAnswer:
        body = {"hyperparameters": dict(hyperparameters)}
        return self._parse(TrialAnswer, "POST", f"/v1/searches/{_part(search)}/trials", json=body)

    def cancel_trial(self, trial: str) -> TrialDetail:
        return self._parse(TrialDetail, "PATCH", f"/v1/trials/{_part(trial)}", json={"state": "cancelled"})

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
        response = self._call(method, path, **call)
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            raise _foreign(response) from error

    def _call(self, method: str, path: str, *, wait: float = 0.0, **call: Any) -> httpx.Response:
        headers = call.pop("headers", {}) | ({"Prefer": f"wait={wait:g}"} if wait else {})
        try:
            response = self._http.request(method, path, headers=headers, timeout=self._timeout + wait, **call)
        except httpx.RequestError as error:
            raise self._unreachable(error) from error
        if response.is_error:
            raise _error_of(response)
        return response

    def _unreachable(self, error: httpx.RequestError) -> Unreachable:
        reason = str(error) or type(error).__name__
        unreachable = Unreachable(f"no Caviar server answers at {self.url} ({reason}); start one with: caviar up")
        unreachable.may_have_arrived = not isinstance(error, _NEVER_SENT)
        return unreachable


def _address(url: str) -> str:
    try:
        parsed = httpx.URL(url)
        is_address = parsed.scheme in ("http", "https") and bool(parsed.host)
    except httpx.InvalidURL:
        is_address = False
    if not is_address:
        raise UsageError(f"{url!r} is no address of a server; write it like {DEFAULT_URL}")
    return url.rstrip("/")


def _part(opaque_id: str) -> str:
    """An id as one part of a path, whatever a user typed."""
    return quote(opaque_id, safe="")


def _document(spec: SearchSpec | Mapping[str, Any]) -> dict[str, Any]:
    return spec.document() if isinstance(spec, SearchSpec) else dict(spec)


def _page(limit: int, after: str | None) -> dict[str, Any]:
    return {"limit": limit} | ({"after": after} if after is not None else {})


def _error_of(response: httpx.Response) -> CaviarError:
    """The error that the server raised; what is no problem+json did not come from a Caviar server."""
    if response.headers.get("content-type", "").split(";")[0] != MEDIA_TYPE:
        return _foreign(response)
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return _foreign(response)
    errors = [FieldError(field.pointer, field.detail) for field in problem.errors]
    unknown = RequestError if response.is_client_error else ServerFault
    return _CLASSES.get(problem.code, unknown)(problem.detail, errors=errors)


def _foreign(response: httpx.Response) -> ServerFault:
    return ServerFault(f"{response.request.url} answered {response.status_code}, and not as a Caviar server does")
