"""What a worker has to say to the server: reports, heartbeats, outcomes, sent from a thread of its own.

Training never waits for the network. A server that does not answer is asked again until it does, and nothing is
dropped: only the server's own word (stop, lost, refused) ends a trial early. Reports leave before the outcome.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caviar.calls import Calls
from caviar.errors import CaviarError, ProcessFailed, RequestError
from caviar.retries import pause_after
from caviar.wire.protocol import FinishRequest, Proof, ReportRequest, Result, Status, TrialOutcome, TrialReport

MOST_ITEMS = 500
"""Items in one request; what is left over follows in the next."""
LINGER_SECONDS = 0.2
"""Reports wait for one another so long: a small network's epoch takes less time than a request."""


@dataclass
class _Held:
    """A lease, and when (time.monotonic) the server last heard of it."""

    proof: Proof
    spoken_at: float


class Outbox:
    """Use as `with`: leaving it sends what is left, for at most `grace` seconds, which a hurried flush has begun."""

    def __init__(self, client: Calls, *, heartbeat: float, grace: float, say: Callable[[str], None]) -> None:
        # Impatient, because what is sent again may be joined by what has been said meanwhile.
        self._client, self._heartbeat, self._grace, self._say = client.impatient(), heartbeat, grace, say
        self._held: dict[str, _Held] = {}
        self._reports: list[TrialReport] = []
        self._outcomes: list[TrialOutcome] = []
        self._sent_at = -math.inf
        self._is_closing = False
        self._hurry_ends_at: float | None = None
        self._defect: BaseException | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="caviar-outbox", daemon=True)

    def __enter__(self) -> "Outbox":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        left = self._grace if self._hurry_ends_at is None else self._hurry_ends_at - time.monotonic()
        self._thread.join(max(left, 0.0))

    def hold(self, proofs: Sequence[Proof], *, ttl: float) -> None:
        """Keep these leases alive from now on. A short lease is renewed more often than the setting says."""
        with self._changed:
            self._heartbeat = min(self._heartbeat, ttl / 4)
            self._held |= {proof.trial: _Held(proof, spoken_at=time.monotonic()) for proof in proofs}
            self._changed.notify_all()

    @property
    def heartbeat(self) -> float:
        """Seconds between two words about a lease: at most a quarter of the shortest term that was seen."""
        return self._heartbeat

    def report(self, report: TrialReport) -> None:
        with self._changed:
            if report.trial in self._held:
                self._reports.append(report)
                # The first of a batch sets the time at which all of it is sent; the others need not wake the sender.
                if len(self._reports) == 1:
                    self._changed.notify_all()

    def finish(self, outcome: TrialOutcome) -> None:
        """The attempt's last word. Its lease is renewed until the server has it."""
        with self._changed:
            if outcome.trial in self._held:
                self._outcomes.append(outcome)
                self._changed.notify_all()

    def held(self) -> dict[str, Proof]:
        """Trials that have no outcome yet and that the server still lets this worker run."""
        with self._changed:
            ended = {outcome.trial for outcome in self._outcomes}
            return {trial: held.proof for trial, held in self._held.items() if trial not in ended}

    def flush(self, *, is_hurried: Callable[[], bool] = lambda: False) -> None:
        """Wait until everything was sent and answered, or, in a hurry, until the grace is over."""
        with self._changed:
            while self._reports or self._outcomes:
                if self._defect is not None:
                    raise ProcessFailed(f"results cannot be sent: {self._defect!r}") from self._defect
                if is_hurried() and self._hurry_ends_at is None:
                    self._hurry_ends_at = time.monotonic() + self._grace
                if self._hurry_ends_at is not None and time.monotonic() >= self._hurry_ends_at:
                    return
                self._changed.wait(0.2)

    def _run(self) -> None:
        try:
            self._keep_sending()
        except BaseException as error:
            # The edge of a thread: whoever waits for it must learn that it is gone.
            with self._changed:
                self._defect = error
                self._changed.notify_all()

    def _keep_sending(self) -> None:
        failures = 0
        while self._wait_for_work():
            try:
                self._send()
            except CaviarError as error:
                if failures == 0:
                    self._say(f"{error.detail}; training goes on, results are kept until it answers")
                failures += 1
                # Never longer than a heartbeat: a lease must not run out between two tries.
                time.sleep(min(pause_after(failures), self._heartbeat))
            else:
                if failures:
                    self._say("the server answers again")
                failures = 0

    def _wait_for_work(self) -> bool:
        """Until something is to be sent. False when all is said and the box is closed."""
        with self._changed:
            while not (self._outcomes or self._due() or (self._reports and self._seconds_to_linger() <= 0)):
                if self._is_closing:
                    return bool(self._reports)
                self._changed.wait(self._seconds_to_wait())
            return True

    def _seconds_to_linger(self) -> float:
        return self._sent_at + LINGER_SECONDS - time.monotonic()

    def _seconds_to_wait(self) -> float | None:
        until_beat = self._until_next_beat()
        if not self._reports:
            return until_beat
        return max(min(self._seconds_to_linger(), until_beat if until_beat is not None else math.inf), 0.001)

    def _due(self) -> list[Proof]:
        """Leases that nothing has renewed for a heartbeat's time."""
        limit = time.monotonic() - self._heartbeat
        return [held.proof for held in self._held.values() if held.spoken_at <= limit]

    def _until_next_beat(self) -> float | None:
        if not self._held:
            return None
        oldest = min(held.spoken_at for held in self._held.values())
        return max(oldest + self._heartbeat - time.monotonic(), 0.01)

    def _send(self) -> None:
        """Reports and heartbeats first, then the outcomes of trials that have nothing left to report."""
        with self._changed:
            self._sent_at = time.monotonic()
            reports = self._reports[:MOST_ITEMS]
            spoken = {report.trial for report in reports}
            silent = [proof for proof in self._due() if proof.trial not in spoken]
        if items := [*reports, *map(_heartbeat, silent)][:MOST_ITEMS]:
            self._settle(items, self._answers(lambda: self._client.report(ReportRequest(reports=items)).results, items))
            with self._changed:
                del self._reports[: len(reports)]
                self._changed.notify_all()
        with self._changed:
            unsaid = {report.trial for report in self._reports}
            outcomes = [outcome for outcome in self._outcomes if outcome.trial not in unsaid][:MOST_ITEMS]
        if outcomes:
            ask = FinishRequest(outcomes=outcomes)
            results = self._answers(lambda: self._client.finish(ask).results, outcomes)
            self._settle(outcomes, results)
            self._close(outcomes, results)

    def _close(self, outcomes: Sequence[TrialOutcome], results: Sequence[Result]) -> None:
        """Forget what is answered. An outcome that the server cannot read becomes a failure that says so."""
        with self._changed:
            self._outcomes = [outcome for outcome in self._outcomes if outcome not in outcomes]
            for outcome, result in zip(outcomes, results, strict=True):
                if result.status is Status.REFUSED and outcome.outcome == "completed":
                    self._outcomes.append(_failure(outcome, f"the server refused the result: {result.detail}"))
                else:
                    self._let_go(outcome)
            self._changed.notify_all()

    def _let_go(self, proof: Proof) -> None:
        """A word about an attempt that is over says nothing of the trial's next attempt."""
        held = self._held.get(proof.trial)
        if held is not None and held.proof.attempt == proof.attempt:
            del self._held[proof.trial]

    def _answers(self, ask: Callable[[], list[Result]], items: Sequence[Proof]) -> list[Result]:
        """The server's answers. A request it will never accept is answered for it, so that it is not sent for ever."""
        try:
            return ask()
        except RequestError as error:
            return [
                Result(trial=item.trial, status=Status.REFUSED, code=error.code, detail=error.detail) for item in items
            ]

    def _settle(self, items: Sequence[Proof], results: Sequence[Result]) -> None:
        now = time.monotonic()
        with self._changed:
            for item, result in zip(items, results, strict=True):
                if item.trial in self._held:
                    self._held[item.trial].spoken_at = now
                if result.status in (Status.STOP, Status.LOST):
                    self._let_go(item)
                elif result.status is Status.REFUSED:
                    self._say(f"trial {item.trial}: the server refused it ({result.code}: {result.detail})")


def _heartbeat(proof: Proof) -> TrialReport:
    return TrialReport(trial=proof.trial, attempt=proof.attempt, token=proof.token)


def _failure(outcome: TrialOutcome, error: str) -> TrialOutcome:
    return TrialOutcome(
        trial=outcome.trial, attempt=outcome.attempt, token=outcome.token, outcome="failed", error=error
    )
