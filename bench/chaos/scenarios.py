"""What a planted bug does, asked for directly: a few calls to one server, and a sentence for every wrong answer.

Each scenario is silent at a sound server. Its name is its bug's.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from bench.chaos import power
from bench.chaos.site import LOST, OK, TTL_SECONDS, Site, answer
from caviar.errors import BudgetUsed, CaviarError, ConflictError, NotFound
from caviar.states import TrialState

Scenario = Callable[[Site], Iterator[str]]
_AT_ONCE = 8


def no_token_check(site: Site) -> Iterator[str]:
    site.submit()
    trial = site.claim_one()
    if (found := answer(lambda: site.finish(trial, proof={"token": "0" * 64}, score=1.0))) != LOST:
        yield f"a finish with a made-up token was answered {found}"
    if answer(lambda: site.finish(trial, score=2.0)) != OK:
        yield "the finish with the true token was not accepted"


def no_attempt_check(site: Site) -> Iterator[str]:
    site.submit()
    site.finish(site.claim_one("ada"), "returned")
    held = site.claim_one("bob")
    for attempt in (1, 99):
        lie = {"attempt": attempt}
        if (found := answer(lambda lie=lie: site.report(held, 1, proof=lie, score=1.0))) != LOST:  # type: ignore[misc]
            yield f"a report for attempt {attempt} with the token of attempt {held.attempt} was answered {found}"


def attempt_not_raised(site: Site) -> Iterator[str]:
    site.submit()
    first = site.claim_one("ada")
    site.finish(first, "returned")
    second = site.claim_one("bob")
    if second.attempt <= first.attempt:
        yield f"attempt {second.attempt} was granted after attempt {first.attempt}"


def sweep_without_recheck(site: Site) -> Iterator[str]:
    """A worker is silent too long, then speaks: it was answered ok, so nobody else gets its trial for a term."""
    site.submit()
    trial = site.claim_one("ada")
    time.sleep(1.5 * TTL_SECONDS)
    if answer(lambda: site.report(trial)) == OK and gets_one(site, "bob", within=0.9 * TTL_SECONDS):
        yield "a trial was granted to another worker although its lease had just been renewed"


def gets_one(site: Site, worker: str, *, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if site.claim(worker):
            return True
        time.sleep(0.02)
    return False


def sweep_after_restart(site: Site) -> Iterator[str]:
    """Nobody could renew a lease while the server was down; another worker waits for the trial."""
    site.submit()
    trial = site.claim_one("ada")
    site.server.kill()
    time.sleep(2 * TTL_SECONDS)
    site.server.start()
    if gets_one(site, "bob", within=0.3 * TTL_SECONDS):
        yield "a trial was taken from its worker because the server had been down"
        return
    if answer(lambda: site.report(trial)) != OK:
        yield "the heartbeat after a restart was not accepted"


def answer_before_commit(site: Site) -> Iterator[str]:
    """kill -9 while the server answers: what it answered must be there afterwards."""
    yield from _acknowledged_and_gone(site, site.server.kill)


def synchronous_off(site: Site) -> Iterator[str]:
    """The same with a power cut."""

    def cut_power() -> None:
        site.server.kill()
        power.cut(site.database)

    yield from _acknowledged_and_gone(site, cut_power)


def _acknowledged_and_gone(site: Site, end: Callable[[], None]) -> Iterator[str]:
    search, acknowledged, is_over = _large_search(site), list[str](), Event()

    def enqueue() -> None:
        while not is_over.is_set():
            try:
                acknowledged.append(site.client.enqueue(search, {"x": 0.5}).id)
            except CaviarError:
                return

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asking = [pool.submit(enqueue) for _ in range(_AT_ONCE)]
        site.wait_until(lambda: len(acknowledged) >= 100, what="100 trials were not enqueued")
        end()
        is_over.set()
        for each in asking:
            each.result()
    site.server.start()
    for trial in acknowledged:
        try:
            site.client.trial(trial)
        except NotFound:
            yield f"trial {trial} of {len(acknowledged)} was acknowledged and is gone"


def _large_search(site: Site) -> str:
    try:
        return site.submit(trials=10_000, parallel=1)
    except NotFound:
        # Answered before the commit, the server does not find what it wrote; here that is not yet what is asked.
        site.wait_until(lambda: bool(site.client.searches().items), what="no search was created")
        return site.client.searches().items[0].id


def claim_without_state_check(site: Site) -> Iterator[str]:
    site.submit()
    trial = site.claim_one("ada")
    if site.claim("bob"):
        yield "a trial that runs was granted to a second worker"
    if answer(lambda: site.report(trial)) != OK:
        yield "its holder was not heard any more"


def replay_gives_new_trials(site: Site) -> Iterator[str]:
    site.submit(trials=4)
    first, again = (site.claim(key="the-same-key-of-one-claim", capacity=1) for _ in range(2))
    if [trial.id for trial in first] != [trial.id for trial in again]:
        yield f"a claim that was repeated got {[t.id for t in again]}, not {[t.id for t in first]} again"


def finish_not_idempotent(site: Site) -> Iterator[str]:
    search = site.submit()
    trial = site.claim_one()
    answers = [answer(lambda: site.finish(trial, score=1.0)) for _ in range(2)]
    if answers != [OK, OK]:
        yield f"the same finish twice was answered {answers}"
    counts = site.client.search(search).counts
    if counts.completed != 1 or counts.running != 0:
        yield f"one finished trial is counted as {counts.model_dump()}"


def budget_outside_transaction(site: Site) -> Iterator[str]:
    """Many ask at once for the last number."""

    def enqueue(search: str) -> str:
        try:
            return f"trial {site.client.enqueue(search, {'x': 0.5}).id}"
        except BudgetUsed as error:
            return error.code
        except CaviarError as error:
            return f"failed with {error.code}"

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in range(10):
            search = site.submit(trials=2, parallel=1)
            answers = list(pool.map(enqueue, [search] * _AT_ONCE))
            made = len(site.client.trials(search).items)
            if made > 2 or answers.count(BudgetUsed.code) != _AT_ONCE - 1:
                yield f"{_AT_ONCE} asked for the last of 2 trials: {sorted(answers)}; {made} are there"
                return


def salvage_after_reclaim(site: Site) -> Iterator[str]:
    site.submit()
    late = site.claim_one("ada")
    site.let_lapse(late)
    holder = site.claim_one("bob")
    said = {"heartbeat": answer(lambda: site.report(late)), "finish": answer(lambda: site.finish(late, score=1.0))}
    yield from (
        f"a {what} for a trial that another one runs was answered {it}" for what, it in said.items() if it != LOST
    )
    if answer(lambda: site.finish(holder, score=2.0)) != OK or site.read(late).value != 2.0:
        yield "the result of the trial's holder did not count"


def lost_report_accepted(site: Site) -> Iterator[str]:
    site.submit()
    late = site.claim_one("ada")
    site.let_lapse(late)
    site.claim_one("bob")
    if (found := answer(lambda: site.report(late, 1, score=1.0))) != LOST:
        yield f"a report of a lost attempt was answered {found}"
    if any(report.attempt == late.attempt for report in site.client.reports(late.id).items):
        yield "a report of a lost attempt was stored"


def cancel_overwrites_finish(site: Site) -> Iterator[str]:
    site.submit()
    trial = site.claim_one()
    site.finish(trial, score=1.0)
    try:
        site.client.cancel_trial(trial.id)
        yield "a trial that was finished was cancelled"
    except ConflictError:
        pass
    if site.read(trial).state is not TrialState.COMPLETED:
        yield f"a trial that was finished is {site.read(trial).state}"
