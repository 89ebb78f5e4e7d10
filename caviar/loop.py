"""The worker's loop: claim, run, report, finish, and again, until it is told to drain.

    loop = Loop(client, profile, run, ...)
    loop.work()          # in the main thread
    loop.drain()         # from a signal handler

`run` gets claimed trials and a Desk. It reports and finishes at the desk and asks it between steps which trials are
still wanted. What it leaves without an outcome is returned to the queue when the loop drains, and failed otherwise.
"""

import secrets
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from caviar.calls import Calls
from caviar.errors import CaviarError, ProcessFailed, RetryLater, ServerFault, Unreachable
from caviar.outbox import Outbox
from caviar.retries import pause_after
from caviar.wire.protocol import ClaimAnswer, ClaimedTrial, ClaimRequest, Proof, TrialOutcome, TrialReport

CLAIM_WAIT_SECONDS = 20.0
LOOK_UP_SECONDS = 0.1
"""How soon a loop that pauses notices that it is to drain."""
LONGEST_ERROR = 20_000
"""Characters of a traceback that are sent: its end, where the reason stands."""


@dataclass(frozen=True)
class Profile:
    """How a worker introduces itself with every claim."""

    worker: str
    capacity: int
    trainers: Sequence[str]
    search: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


class Desk:
    """Where running trials report. Safe to call from any thread."""

    def __init__(self, outbox: Outbox, trials: Sequence[ClaimedTrial], is_draining: Callable[[], bool]) -> None:
        self._outbox, self._is_draining = outbox, is_draining
        self._proofs = {trial.id: proof_of(trial) for trial in trials}

    def wanted(self) -> set[str]:
        """Trials to go on with: not finished, stopped, cancelled or lost; none while the worker drains."""
        return set() if self._is_draining() else set(self._outbox.held()) & set(self._proofs)

    def report(self, trial: str, *, step: int, metrics: Mapping[str, float]) -> None:
        """Metrics of one step; a non-finite number is reported as what it is."""
        self._outbox.report(TrialReport(**_proof(self._proofs[trial]), step=step, metrics=dict(metrics)))

    def complete(self, trial: str, metrics: Mapping[str, float]) -> None:
        self._outbox.finish(TrialOutcome(**_proof(self._proofs[trial]), outcome="completed", metrics=dict(metrics)))

    def fail(self, trial: str, error: str) -> None:
        """`error`: for a person, the reason last, as in a traceback."""
        # A message that quotes a file's name may hold what UTF-8 cannot say.
        text = error[-LONGEST_ERROR:].encode(errors="backslashreplace").decode()
        self._outbox.finish(TrialOutcome(**_proof(self._proofs[trial]), outcome="failed", error=text))

    def give_back(self, trial: str) -> None:
        self._outbox.finish(TrialOutcome(**_proof(self._proofs[trial]), outcome="returned"))

    def open(self) -> list[str]:
        """Trials that still owe an outcome."""
        return [trial for trial in self._outbox.held() if trial in self._proofs]


Run = Callable[[Sequence[ClaimedTrial], Desk], None]
_PASSING = (Unreachable, RetryLater, ServerFault)
"""What the same claim may get no more when it is tried again."""
Answers = SimpleQueue[ClaimAnswer | CaviarError | None]
"""What a waiting loop is woken with: the answer to its claim, or None when it is to drain."""


class Loop:
    def __init__(
        self,
        client: Calls,
        profile: Profile,
        run: Run,
        *,
        heartbeat: float,
        say: Callable[[str], None],
        grace: float = 5.0,
    ) -> None:
        self._client, self._profile, self._run = client.impatient(), profile, run
        self._heartbeat, self._grace, self._say = heartbeat, grace, say
        self._is_draining = False
        self._answers: Answers = SimpleQueue()

    def drain(self) -> None:
        """Stop claiming, return what runs, end. Safe to call from a signal handler and from any thread."""
        self._is_draining = True
        # A SimpleQueue, unlike an Event, may be used in a signal handler that interrupts its own use.
        self._answers.put(None)

    def work(self) -> None:
        """Blocks until drained. Raises what no retry mends: a claim that the server will never accept."""
        with Outbox(self._client, heartbeat=self._heartbeat, grace=self._grace, say=self._say) as outbox:
            while not self._is_draining:
                trials = self._claim(most_pause=outbox.heartbeat)
                if trials:
                    self._handle(trials, outbox)

    def _claim(self, *, most_pause: float) -> list[ClaimedTrial]:
        """Trials, or none when there are none yet or the loop drains. A claim is repeated under its key.

        It pauses for at most `most_pause` seconds: what was granted by an answer that did not come is a lease, too.
        """
        request = ClaimRequest(
            worker=self._profile.worker,
            capacity=self._profile.capacity,
            trainers=list(self._profile.trainers),
            claim_key=secrets.token_hex(16),
            search=self._profile.search,
            features=["stop"],
            about=dict(self._profile.about),
        )
        failures, may_be_granted = 0, False
        while not self._is_draining:
            try:
                answer = self._poll(request)
            except _PASSING as error:
                if failures == 0:
                    self._say(f"{error.detail}; trying again")
                failures += 1
                may_be_granted = may_be_granted or _may_be_granted(error)
                self._pause(min(pause_after(failures), most_pause))
            else:
                if failures:
                    self._say("the server answers again")
                return self._take_back(request, most_pause=most_pause) if answer is None else answer.trials
        return self._take_back(request, most_pause=most_pause) if may_be_granted else []

    def _poll(self, request: ClaimRequest) -> ClaimAnswer | None:
        """The answer to a long poll, or None if the loop drains first.

        The poll has a thread of its own, which is then left behind: a signal handler cannot end a read from a socket
        without the risk of leaving the connection pool locked.
        """
        threading.Thread(target=self._ask, args=(request,), name="caviar-claim", daemon=True).start()
        answer = self._answers.get()
        if isinstance(answer, CaviarError):
            raise answer
        return answer

    def _ask(self, request: ClaimRequest) -> None:
        try:
            self._answers.put(self._client.claim(request, wait=CLAIM_WAIT_SECONDS))
        except CaviarError as error:
            self._answers.put(error)
        except Exception as error:
            # The edge of a thread: whoever waits for it must learn why there is no answer.
            self._answers.put(ProcessFailed(f"the claim failed: {error!r}"))

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._is_draining and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_UP_SECONDS))

    def _take_back(self, request: ClaimRequest, *, most_pause: float) -> list[ClaimedTrial]:
        """The answer we did not wait for may have granted trials: ask for it again, so that they can be returned.

        For as long as a worker that drains may take: nobody else can return them.
        """
        failures, deadline = 0, time.monotonic() + self._grace
        while True:
            try:
                return self._client.claim(request).trials
            except _PASSING:
                failures += 1
                pause = min(pause_after(failures), most_pause)
                if time.monotonic() + pause >= deadline:
                    return []
                time.sleep(pause)
            except CaviarError:
                return []

    def _handle(self, trials: Sequence[ClaimedTrial], outbox: Outbox) -> None:
        outbox.hold([proof_of(trial) for trial in trials], ttl=min(trial.lease.ttl_seconds for trial in trials))
        desk = Desk(outbox, trials, lambda: self._is_draining)
        try:
            if not self._is_draining:
                self._run(trials, desk)
        except Exception:
            # The edge of a trial: whatever the training code raises is that trial's result, never the worker's end.
            for trial in desk.open():
                desk.fail(trial, traceback.format_exc())
        for trial in desk.open():
            if self._is_draining:
                desk.give_back(trial)
            else:
                desk.fail(trial, "the trainer ended without a result for this trial")
        outbox.flush(is_hurried=lambda: self._is_draining)


def _may_be_granted(error: CaviarError) -> bool:
    """Whether a claim that ended so may have been granted all the same: a lost answer, a transaction cut short."""
    return not isinstance(error, Unreachable) or error.may_have_arrived


def proof_of(trial: ClaimedTrial) -> Proof:
    return Proof(trial=trial.id, attempt=trial.attempt, token=trial.lease.token)


def _proof(proof: Proof) -> dict[str, Any]:
    return {"trial": proof.trial, "attempt": proof.attempt, "token": proof.token}
