"""One HTTP connection to a server: errors become the server's own classes, and what may be repeated is."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import ValidationError

from caviar import __version__
from caviar.errors import (
    CaviarError,
    FieldError,
    RequestError,
    RetryLater,
    ServerFault,
    Unreachable,
    UsageError,
    every_class,
)
from caviar.retries import Again, pause_after, retry_after
from caviar.wire.problems import MEDIA_TYPE, Problem

DEFAULT_URL = "http://127.0.0.1:8000"
_CLASSES = {cls.code: cls for cls in every_class()}
_PROXY_WAITS = frozenset({502, 503, 504})
"""What a proxy answers while the server behind it is restarted."""
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class _Setback:
    """A request that may be answered if it is sent again."""

    error: CaviarError
    is_unsent: bool
    wait_seconds: float | None = None


class Connection:
    """`patience`: seconds for which a request that may be repeated is repeated after its first failure; 0 is never.

    A server that has never answered is not waited for: then the address is wrong, or it was not started.
    """

    def __init__(self, url: str, *, timeout: float, patience: float, transport: httpx.BaseTransport | None) -> None:
        self.url = _address(url)
        self._timeout, self._patience = timeout, patience
        self._has_answered = False
        agent = {"User-Agent": f"caviar/{__version__}"}
        # trust_env off: a proxy from the environment has no business between a worker and its own server.
        self._http = httpx.Client(
            base_url=self.url, timeout=timeout, headers=agent, transport=transport, trust_env=False
        )

    def close(self) -> None:
        self._http.close()

    def ask(
        self, method: str, path: str, *, again: Again = Again.ALWAYS, wait: float = 0.0, is_impatient: bool, **call: Any
    ) -> httpx.Response:
        """The answer of a server that did what it was asked to. `wait`: of a long poll, beside the timeout."""
        failures, deadline = 0, 0.0
        while isinstance(answer := self._attempt(method, path, wait=wait, **call), _Setback):
            failures += 1
            if failures == 1:
                deadline = time.monotonic() + self._patience
            pause = answer.wait_seconds if answer.wait_seconds is not None else pause_after(failures)
            may_repeat = self._has_answered and (again is Again.ALWAYS or answer.is_unsent)
            if is_impatient or not may_repeat or time.monotonic() + pause > deadline:
                raise answer.error
            time.sleep(pause)
        return answer

    @contextmanager
    def stream(
        self, path: str, *, headers: Mapping[str, str], read_timeout: float | None = None
    ) -> Iterator[httpx.Response]:
        """A GET whose answer is read piece by piece; never repeated, as pieces may have been used."""
        timeout = self._timeout if read_timeout is None else httpx.Timeout(self._timeout, read=read_timeout)
        try:
            with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
                self._has_answered = True
                if response.is_error:
                    response.read()
                    raise _error_of(response)
                yield response
        except httpx.RequestError as error:
            raise self._unreachable(error) from error

    def _attempt(self, method: str, path: str, *, wait: float, **call: Any) -> httpx.Response | _Setback:
        headers = call.pop("headers", {}) | ({"Prefer": f"wait={wait:g}"} if wait else {})
        try:
            response = self._http.request(method, path, headers=headers, timeout=self._timeout + wait, **call)
        except httpx.RequestError as error:
            unreachable = self._unreachable(error)
            unreachable.__cause__ = error
            return _Setback(unreachable, is_unsent=not unreachable.may_have_arrived)
        self._has_answered = True
        if not response.is_error:
            return response
        problem = _error_of(response)
        if isinstance(problem, RetryLater) or response.status_code in _PROXY_WAITS:
            return _Setback(problem, is_unsent=False, wait_seconds=retry_after(response.headers.get("retry-after")))
        raise problem

    def _unreachable(self, error: httpx.RequestError) -> Unreachable:
        reason = str(error) or type(error).__name__
        unreachable = Unreachable(f"no Caviar server answers at {self.url} ({reason}); start one with: caviar up")
        unreachable.may_have_arrived = not isinstance(error, _UNSENT)
        return unreachable


def foreign(response: httpx.Response) -> ServerFault:
    return ServerFault(f"{response.request.url} answered {response.status_code}, and not as a Caviar server does")


def _address(url: str) -> str:
    try:
        parsed = httpx.URL(url)
        is_address = parsed.scheme in ("http", "https") and bool(parsed.host)
    except httpx.InvalidURL:
        is_address = False
    if not is_address:
        raise UsageError(f"{url!r} is no address of a server; write it like {DEFAULT_URL}")
    return url.rstrip("/")


def _error_of(response: httpx.Response) -> CaviarError:
    """The error that the server raised; what is no problem+json did not come from a Caviar server."""
    if response.headers.get("content-type", "").split(";")[0] != MEDIA_TYPE:
        return foreign(response)
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return foreign(response)
    errors = [FieldError(field.pointer, field.detail) for field in problem.errors]
    unknown = RequestError if response.is_client_error else ServerFault
    return _CLASSES.get(problem.code, unknown)(problem.detail, errors=errors)
