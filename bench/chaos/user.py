"""The user of a run, behind the proxy like everybody: submits, enqueues, cancels, and repeats what got no answer."""

import queue
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from bench.chaos.history import History

_PATIENCE_SECONDS = 120.0
_LONGEST_DOUBT_SECONDS = 0.4
"""Between the choice of a trial and its cancelling: about as long as a trial takes."""


class User:
    """Use as `with`. Asks one thing after the other, in a thread of its own."""

    def __init__(self, url: str, history: History) -> None:
        self._http = httpx.Client(base_url=url, timeout=15.0, trust_env=False)
        self._history = history
        self._tasks: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="chaos-user", daemon=True)
        self.failures: list[str] = []
        """What nobody answered."""

    def __enter__(self) -> "User":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.finish()
        self._http.close()

    def finish(self) -> None:
        """Until everything that was asked for is answered."""
        self._tasks.put(None)
        self._thread.join(_PATIENCE_SECONDS)

    def soon(self, task: Callable[[], object]) -> None:
        self._tasks.put(task)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except RuntimeError as error:
                self.failures.append(str(error))

    def submit(self, spec: Mapping[str, Any]) -> str:
        """The id of the new search."""
        key = secrets.token_hex(16)
        self._history.note("creating", key=key, spec=spec)
        answer = self._asked("POST", "/v1/searches", json=spec, headers={"Idempotency-Key": key})
        if answer.status_code != 201:
            raise RuntimeError(f"the search was refused: {answer.text}")
        self._history.note("created", key=key, search=answer.json()["id"], spec=spec)
        return str(answer.json()["id"])

    def enqueue(self, search: str, hparams: Mapping[str, Any]) -> None:
        key = secrets.token_hex(16)
        self._history.note("enqueueing", key=key, search=search, hyperparameters=hparams)
        path, headers = f"/v1/searches/{search}/trials", {"Idempotency-Key": key}
        answer = self._asked("POST", path, json={"hyperparameters": hparams}, headers=headers)
        told = {"trial": answer.json()["id"]} if answer.status_code == 201 else {"code": answer.json()["code"]}
        self._history.note("enqueued", key=key, search=search, hyperparameters=hparams, **told)

    def cancel(self, search: str, chance: random.Random) -> None:
        """One of the trials that run, or of those that wait where none does; some finish before they hear of it."""
        for state in ("running", "queued"):
            page = self._asked("GET", f"/v1/searches/{search}/trials?state={state}&limit=200").json()["items"]
            if page:
                time.sleep(chance.uniform(0, _LONGEST_DOUBT_SECONDS))
                return self._cancel(str(chance.choice(page)["id"]))
        return None

    def _cancel(self, trial: str) -> None:
        self._history.note("cancelling", trial=trial)
        sent_at = time.monotonic()
        answer = self._asked("PATCH", f"/v1/trials/{trial}", json={"state": "cancelled"})
        told = {"state": answer.json()["state"]} if answer.status_code == 200 else {"code": answer.json()["code"]}
        self._history.note("cancelled", trial=trial, sent_at=sent_at, **told)

    def _asked(self, method: str, path: str, **call: Any) -> httpx.Response:
        """The answer, however often it must be asked for. Raises RuntimeError when nobody answers at all."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self._http.request(method, path, **call)
            except httpx.RequestError:
                time.sleep(0.1)
                continue
            if answer.status_code < 500:
                return answer
            time.sleep(0.1)
        raise RuntimeError(f"nobody answered {method} {path} for {_PATIENCE_SECONDS:g} s")
