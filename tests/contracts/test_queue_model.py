"""The queue against its model: whatever is asked for in whatever order, both databases do what dictionaries do."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from caviar.errors import CaviarError
from caviar.settings import Settings
from caviar.states import SearchState, TrialState
from caviar.wire.protocol import Malformed, Proof, TrialOutcome, TrialReport
from caviar.wire.searches import SearchChange
from service import queue, searches
from service.changes import Changes
from service.context import Service
from service.ids import NEVER_GIVEN
from service.storage import tables
from service.storage.database import Database
from service.turns import turn
from tests.contracts.conftest import emptied
from tests.service.audit import audit
from tests.service.desk import SetClock, a_claim, a_key, a_spec
from tests.service.model import TTL, Answer, Model, Search

WORKERS = ("ada", "bob", "eve")
MOST_SEARCHES = 3
VALUES = (0.125, 0.5, 0.75, math.nan, math.inf, -math.inf)
STEPS = 40
SEED = int(os.environ.get("CAVIAR_TEST_SEED", "0"))
"""Of the first of the long runs; the next ones count up from it."""
_which = st.integers(0, 30)
_metrics = st.sampled_from([{}, *({"score": value} for value in VALUES), {"other": 1.0}])
_forgery = st.sampled_from(["", "", "", "", "", "token", "older", "newer", "form"])


def _several(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.tuples(*parts), min_size=1, max_size=3)


class Machine(RuleBasedStateMachine):
    """Each rule does the same to the store and to the model, and compares the answers; then everything is compared."""

    def __init__(self, service: Service, portal: BlockingPortal, clock: SetClock) -> None:
        super().__init__()
        self.service, self.portal, self.clock = service, portal, clock
        self.model = Model()
        self.ids: list[int] = []
        self.held: list[Proof] = []
        self.keys = [a_key()]

    @initialize(parallel=st.integers(1, 5), trials=st.integers(4, 12))
    def begin(self, parallel: int, trials: int) -> None:
        emptied(self.service.database)
        # Longer than a server remembers without looking who has just spoken.
        self.clock.wait(2)
        self.create(parallel, trials, 0, None, None)

    # What a user does.

    @rule(
        parallel=st.integers(1, 5), trials=st.integers(1, 12), priority=st.sampled_from([0, 0, 1]),
        good=st.sampled_from([None, None, 0.25]), seconds=st.sampled_from([None, None, 60]),
    )  # fmt: skip
    def create(self, parallel: int, trials: int, priority: int, good: float | None, seconds: int | None) -> None:
        if len(self.model.searches) >= MOST_SEARCHES:
            return
        spec = a_spec(parallel=parallel, trials=trials, priority=priority, target=good, max_seconds=seconds)
        made = searches.create(self.service, spec, idempotency_key=None)
        late = None if seconds is None else self.clock.at + timedelta(seconds=seconds)
        self.model.create(Search(made.id, trials, parallel, priority, good, late), now=self.clock.at)
        self.ids.append(made.id)

    @rule(which=_which, more=st.integers(-2, 6))
    def extend(self, which: int, more: int) -> None:
        search_id = self._pick(self.ids, which)
        known = self.model.searches.get(search_id)
        budget = max(1, (known.budget if known else 1) + more)
        self._same(
            lambda: searches.change(self.service, search_id, SearchChange(trials=budget)),
            self.model.extend(search_id, budget, now=self.clock.at),
        )

    @rule(which=_which, state=st.sampled_from(["paused", "active", "active", "cancelled"]))
    def turn(self, which: int, state: str) -> None:
        search_id, change = self._pick(self.ids, which), SearchChange.model_validate({"state": state})
        self._same(
            lambda: searches.change(self.service, search_id, change),
            self.model.turn(search_id, SearchState(state), now=self.clock.at),
        )

    @rule(which=_which)
    def delete(self, which: int) -> None:
        search_id = self._pick(self.ids, which)
        if which % 5 == 0:
            self._same(lambda: searches.delete(self.service, search_id), self.model.delete(search_id))

    @rule(which=_which, times=st.integers(1, 3))
    def enqueue(self, which: int, times: int) -> None:
        search_id = self._pick(self.ids, which)
        for _ in range(times):
            self._same(
                lambda: searches.enqueue(self.service, search_id, {"x": 0.5}, idempotency_key=None),
                self.model.enqueue(search_id, now=self.clock.at),
            )

    @rule(which=_which)
    def want_more_than_may_run(self, which: int) -> None:
        """There are more queued trials than places for them, and each worker could run them all."""
        self.enqueue(which, 3)
        for worker in WORKERS:
            self.claim(worker, 5)

    @rule(which=_which)
    def cancel(self, which: int) -> None:
        trial_id = self._pick([trial.id for _, trial in self.model.trials()], which)
        self._same(
            lambda: searches.cancel_trial(self.service, trial_id), self.model.cancel(trial_id, now=self.clock.at)
        )

    # What workers do.

    @rule(worker=st.sampled_from(WORKERS), capacity=st.integers(1, 5))
    def claim(self, worker: str, capacity: int) -> None:
        self.keys.append(a_key())
        self._claim(worker, capacity, self.keys[-1])

    @rule(which=_which, worker=st.sampled_from(WORKERS), capacity=st.integers(1, 5))
    def claim_again(self, which: int, worker: str, capacity: int) -> None:
        self._claim(worker, capacity, self.keys[-1 - which % len(self.keys)])

    @rule(which=_which, worker=st.sampled_from(WORKERS))
    def claim_of_one_search(self, which: int, worker: str) -> None:
        if self.model.searches:
            self.keys.append(a_key())
            self._claim(worker, 2, self.keys[-1], search=self._pick(list(self.model.searches), which))

    def _claim(self, worker: str, capacity: int, key: str, *, search: int | None = None) -> None:
        request = a_claim(worker, capacity=capacity, key=key)
        found = self.portal.call(lambda: queue.claim(self.service, request, search_id=search))
        grants = found or []
        expected = self.model.claim(request, search=search, now=self.clock.at)
        assert [(g.search.id, g.trial.number, g.trial.attempt) for g in grants] == [
            (search.id, trial.number, len(trial.attempts)) for search, trial in expected
        ]
        for grant, (_, trial) in zip(grants, expected, strict=True):
            attempt = trial.attempts[-1]
            assert attempt.token in ("", grant.token)
            attempt.token = grant.token
            self.held.append(Proof(trial=str(grant.trial.id), attempt=grant.trial.attempt, token=grant.token))

    @rule(
        said=st.lists(st.tuples(_which, _forgery, st.sampled_from([None, 0, 1, 2]), _metrics), min_size=1, max_size=3)
    )
    def report(self, said: list[tuple[int, str, int | None, dict[str, float]]]) -> None:
        items = [
            self._item(TrialReport, forgery, which, step=step, metrics=metrics)
            for which, forgery, step, metrics in said
            if self.held
        ]
        results = self.portal.call(lambda: queue.report(self.service, items))
        assert _plain(results) == self.model.report(items, now=self.clock.at)

    @rule(which=_which)
    def heartbeat(self, which: int) -> None:
        self.report([(which, "", None, {})])

    @rule(
        said=_several(_which, _forgery, st.sampled_from(["completed", "completed", "failed", "returned"]), _metrics),
        times=st.sampled_from([1, 1, 2]),
    )
    def finish(self, said: list[tuple[int, str, str, dict[str, float]]], times: int) -> None:
        items = [
            self._item(TrialOutcome, forgery, which, outcome=outcome, metrics=metrics)
            for which, forgery, outcome, metrics in said
            if self.held
        ]
        for _ in range(times):
            results = self.portal.call(lambda: queue.finish(self.service, items))
            assert _plain(results) == self.model.finish(items, now=self.clock.at)

    @rule(which=_which, value=st.sampled_from([0.125, 0.5, 0.75]))
    def complete(self, which: int, value: float) -> None:
        self.finish([(which, "", "completed", {"score": value})], times=1)

    # What happens by itself.

    @rule(seconds=st.sampled_from([2, 5, 16, 31]))
    def wait(self, seconds: float) -> None:
        self.clock.wait(seconds)

    @rule(silence=st.sampled_from([0, 0, 0, 20, 3600, None]))
    def take_a_turn(self, silence: int | None) -> None:
        """A server's turn, so long after the last one, or the first of a server."""
        last = None if silence is None else self.clock.at - timedelta(seconds=silence)
        if last is None or self.clock.at - last > TTL / 2:
            self.model.grace(since=last, now=self.clock.at)
        assert turn(self.service, last) == self.clock.at
        self.model.sweep(now=self.clock.at)

    @rule(times=st.integers(1, 4), takes=st.booleans())
    def disappear(self, times: int, takes: bool) -> None:
        """Every worker is silent for longer than its lease lasts, and perhaps another takes up what it had."""
        for time in range(times):
            self.clock.wait(31)
            self.take_a_turn(0)
            if takes:
                self.claim(WORKERS[time % len(WORKERS)], 5)

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        found, expected = _stored(self.service.database), _told(self.model)
        for search, trial in self.model.trials():
            trial.id = found["ids"].get((search.id, trial.number), 0)
        assert {name: rows for name, rows in found.items() if name != "ids"} == expected

    def teardown(self) -> None:
        audit(self.service.database)

    def _pick(self, among: Sequence[int], which: int) -> int:
        """One of them, or an id that nothing has."""
        return among[which % len(among)] if among else NEVER_GIVEN

    def _same(self, act: Callable[[], object], expected: type[CaviarError] | None) -> None:
        if expected is None:
            act()
            return
        with pytest.raises(expected):
            act()

    def _item(self, kind: type[Any], forgery: str, which: int, **fields: Any) -> Any:
        """Said by the holder of one of the latest leases, unless it is forged."""
        proof = self.held[-1 - which % len(self.held)]
        wrong: dict[str, dict[str, Any]] = {
            "token": {"token": "forged"},
            "older": {"attempt": max(1, proof.attempt - 1)},
            "newer": {"attempt": proof.attempt + 1},
        }
        if forgery == "form":
            return Malformed(trial=proof.trial, detail="it has no form")
        return kind.model_validate(proof.model_dump() | wrong.get(forgery, {}) | fields)


def _plain(results: Sequence[Any]) -> list[Answer]:
    return [(str(r.status), r.code, None if r.reason is None else str(r.reason)) for r in results]


def _stored(database: Database) -> dict[str, Any]:
    """The rows of a store, by the number of their trial, as far as the model has them too."""
    s, t, a, r = tables.search.c, tables.trial.c, tables.attempt.c, tables.report.c
    columns = [t[name] for name in ("state", "attempt", "lost_count", "value", "diverged", "error_code")]
    counts = [s[state.value] for state in TrialState]
    with database.read() as tx:
        trials = tx.execute(sa.select(t.id, t.search_id, t.number, *columns)).all()
        place = {row.id: (row.search_id, row.number) for row in trials}
        found = tx.execute(sa.select(s.id, s.state, s.budget, s.next_number, s.best_score, *counts))
        attempts = tx.execute(sa.select(a.trial_id, a.attempt, a.worker, a.outcome, a.last_step))
        leases = tx.execute(sa.select(tables.lease.c.trial_id, tables.lease.c.attempt, tables.lease.c.expires_at))
        reports = tx.execute(sa.select(r.trial_id, r.attempt, r.step, r.metrics))
        return {
            "ids": {place: trial_id for trial_id, place in place.items()},
            "searches": {row[0]: tuple(row[1:]) for row in found},
            "trials": {place[row[0]]: tuple(row[3:]) for row in trials},
            "attempts": {(*place[row[0]], row[1]): tuple(row[2:]) for row in attempts},
            "leases": {(*place[row[0]], row[1]): row[2] for row in leases},
            "reports": {(*place[row[0]], *row[1:3]): row[3] for row in reports},
        }


def _told(model: Model) -> dict[str, Any]:
    """The same as the model has it."""
    attempts = {(s.id, t.number, n): a for s, t in model.trials() for n, a in enumerate(t.attempts, start=1)}
    return {
        "searches": {
            s.id: (s.state, s.budget, len(s.trials), s.best, *(s.count(state) for state in TrialState))
            for s in model.searches.values()
        },
        "trials": {
            (s.id, t.number): (t.state, len(t.attempts), t.lost_count, t.value, t.diverged, t.error_code)
            for s, t in model.trials()
        },
        "attempts": {key: (a.worker, a.outcome, max(a.reports, default=None)) for key, a in attempts.items()},
        "leases": {key: a.expires_at for key, a in attempts.items() if a.expires_at is not None},
        "reports": {(*key, step): metrics for key, a in attempts.items() for step, metrics in a.reports.items()},
    }


@pytest.fixture
def play(database: Database, tmp_path: Path) -> Iterator[Callable[..., None]]:
    with playing(database, tmp_path) as run:
        yield run


@contextmanager
def playing(database: Database, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Run the machine: play(examples=…, seed=…)."""
    with start_blocking_portal() as portal:
        clock = SetClock()
        service = Service(Settings(data_dir=tmp_path), database, clock, portal.call(Changes))

        def play(*, examples: int, seed: int) -> None:
            @hypothesis.seed(seed)
            class Seeded(Machine):
                def __init__(self) -> None:
                    super().__init__(service, portal, clock)

            # What failed is told as it was found: making it shorter takes minutes.
            phases = (hypothesis.Phase.generate,)
            rounds = hypothesis.settings(max_examples=examples, stateful_step_count=STEPS, phases=phases)
            run_state_machine_as_test(Seeded, settings=rounds)

        yield play


def test_the_queue_does_what_its_model_does(play: Callable[..., None], database: Database) -> None:
    play(examples=25 if database.url.get_backend_name() == "sqlite" else 10, seed=0)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_the_queue_does_what_its_model_does_for_long(play: Callable[..., None], seed: int) -> None:
    """Its name tells the seed of a run that failed."""
    play(examples=150, seed=seed)
