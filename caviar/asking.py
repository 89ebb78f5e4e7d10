"""Ask and tell: a search's trials for code that runs by itself and cannot be a worker.

    with search.ask() as trial:
        for step, model in enumerate(train(**trial.hyperparameters), start=1):
            trial.report(step, loss=loss_of(model))
            if trial.should_stop:
                break

The server sees a worker that claims one trial at a time. Reports and heartbeats leave from a thread of their own, so
the block never waits for the network, and may be silent for as long as it likes.
"""

import logging
import os
import platform
import secrets
import socket
import time
import traceback
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from caviar import __version__
from caviar.calls import Calls
from caviar.errors import SearchEnded, UsageError, WaitedTooLong
from caviar.loop import Desk, proof_of
from caviar.outbox import Outbox
from caviar.spelling import did_you_mean
from caviar.states import OPEN_SEARCH_STATES
from caviar.validation import sentence
from caviar.wire.protocol import ClaimedTrial, ClaimRequest
from caviar.wire.searches import SearchAnswer

HEARTBEAT_SECONDS = 5.0
_GRACE_SECONDS = 5.0
_POLL_SECONDS = 5.0
"""How soon a search that others end is noticed."""
log = logging.getLogger("caviar.ask")


class AskedTrial:
    """A trial that this code runs; its lease lives as long as the `with` block.

    The block ends the trial: with the last report, or the metrics of `finish`, as completed; with an exception, which
    goes on, as failed; with Ctrl-C it goes back to the queue.
    """

    def __init__(self, calls: Calls, claimed: ClaimedTrial, *, metric: str) -> None:
        self._claimed, self._metric = claimed, metric
        self._outbox = Outbox(calls, heartbeat=HEARTBEAT_SECONDS, grace=_GRACE_SECONDS, say=log.warning)
        self._desk = Desk(self._outbox, [claimed], lambda: False)
        self._reported: dict[str, float] = {}
        self._is_open = self._is_finished = False

    def __repr__(self) -> str:
        return f"<trial {self.number} of search {self._claimed.search}: {self.hyperparameters}>"

    @property
    def id(self) -> str:
        return self._claimed.id

    @property
    def number(self) -> int:
        return self._claimed.number

    @property
    def hyperparameters(self) -> dict[str, Any]:
        return dict(self._claimed.hyperparameters)

    @property
    def seed(self) -> int:
        """For the trial's random numbers: the same trial of the same search always has the same."""
        return self._claimed.seed

    @property
    def should_stop(self) -> bool:
        """Whether the server has ended the trial: a stopping rule did, a user did, or its lease was lost."""
        return self._is_open and not self._is_finished and not self._desk.open()

    def report(self, step: int, metrics: Mapping[str, float] | None = None, /, **more: float) -> None:
        """Metrics of one step, such as an epoch. A name that Python cannot say goes into `metrics`."""
        self._require_open()
        values = self._numbers({**(metrics or {}), **more})
        try:
            self._desk.report(self.id, step=step, metrics=values)
        except ValidationError as error:
            raise self._refused(error) from error
        self._reported = values

    def finish(self, metrics: Mapping[str, float] | None = None, /, **more: float) -> None:
        """The trial's result, where it is not the last report. Raises UsageError if the search's metric is missing."""
        self._require_open()
        values = self._numbers({**(metrics or {}), **more})
        if not self.should_stop:
            self._require_metric(values)
            try:
                self._desk.complete(self.id, values)
            except ValidationError as error:
                raise self._refused(error) from error
        self._is_finished = True

    def __enter__(self) -> Self:
        if self._is_open:
            raise UsageError(f"trial {self.number} is being run already; ask for another one")
        self._outbox.__enter__()
        self._outbox.hold([proof_of(self._claimed)], ttl=self._claimed.lease.ttl_seconds)
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._end(error)
            # Results wait for a server that is away, as a worker's do; whoever is interrupted does not.
            self._outbox.flush(is_hurried=lambda: error is not None and not isinstance(error, Exception))
        finally:
            self._outbox.__exit__()

    def _end(self, error: BaseException | None) -> None:
        if self._is_finished or self.should_stop:
            return
        if error is None:
            try:
                self.finish()
            except UsageError as missing:
                self._desk.fail(self.id, missing.detail)
                self._outbox.flush()
                raise
        elif isinstance(error, Exception):
            self._desk.fail(self.id, "".join(traceback.format_exception(error)))
        else:
            self._desk.give_back(self.id)
        self._is_finished = True

    def _require_open(self) -> None:
        if not self._is_open:
            raise UsageError("a trial is run in a block: with search.ask() as trial")
        if self._is_finished:
            raise UsageError(f"trial {self.number} is finished already; nothing more can be said of it")

    def _require_metric(self, values: Mapping[str, float]) -> None:
        """The server would fail the trial with metric_missing, and a hundred more, before anybody looks."""
        known = {**self._reported, **values}
        if self._metric in known:
            return
        told = f"it told {', '.join(sorted(known))}; {did_you_mean(self._metric, known)}" if known else "it told none"
        raise UsageError(
            f"trial {self.number} ended without the search's metric {self._metric}: {told}"
            + ("" if known else f"; call trial.report(step, {self._metric}=…) or trial.finish({self._metric}=…)")
        )

    def _numbers(self, metrics: Mapping[str, Any]) -> dict[str, float]:
        """Plain floats, from whatever number a library has computed with."""
        numbers = {}
        for name, value in metrics.items():
            try:
                numbers[name] = float(value)
            except (TypeError, ValueError) as error:
                raise UsageError(f"trial {self.number}: {name} is no number but {value!r:.80}") from error
        return numbers

    def _refused(self, error: ValidationError) -> UsageError:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return UsageError(f"trial {self.number}: {where} {sentence({**first}, ())}")


def ask(calls: Calls, search: SearchAnswer, *, timeout: float | None = None) -> AskedTrial:
    """The next trial as soon as there is one.

    Raises SearchEnded when there will be none, and WaitedTooLong after `timeout` seconds.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    wait = 0.0
    while not (trials := calls.claim(_claim_of(search), wait=wait).trials):
        now = calls.read_search(search.id)
        if now.state not in OPEN_SEARCH_STATES:
            raise SearchEnded(f"search {now.id} ({now.name}) is {now.state}; there is no trial left to ask for")
        left = _POLL_SECONDS if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise WaitedTooLong(f"search {now.id} ({now.name}) had no trial to run for {timeout:g} s{_why(now)}")
        wait = min(left, _POLL_SECONDS)
    return AskedTrial(calls, trials[0], metric=search.spec["metric"])


def _claim_of(search: SearchAnswer) -> ClaimRequest:
    return ClaimRequest(
        worker=_own_name(os.getpid()),
        capacity=1,
        trainers=[search.spec["trainer"]],
        claim_key=secrets.token_hex(16),
        search=search.id,
        features=["stop"],
        about={"caviar": __version__, "python": platform.python_version(), "host": socket.gethostname()},
    )


@cache
def _own_name(pid: int) -> str:
    """One name for all that a process asks for, so that the server shares trials out between processes."""
    return f"ask-{socket.gethostname()}-{pid}-{secrets.token_hex(2)}"


def _why(search: SearchAnswer) -> str:
    if search.state == "paused":
        return "; it is paused"
    return f"; it waits for {search.waits_for}" if search.waits_for else "; all of them run elsewhere"
