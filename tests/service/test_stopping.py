"""Stopping rules in a whole search: cutoffs are a round's own, and decisions the same whoever reports first."""

import random
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from caviar.states import SearchState, TrialState
from service.changes import QUEUE
from service.context import Service
from service.planning import advance
from service.searches import create
from service.storage import rounds
from service.storage.claims import Grant
from service.storage.database import Database
from service.storage.records import RoundRecord
from tests.service import verbs
from tests.service.audit import audit
from tests.service.desk import Desk, a_claim, a_report, a_spec, an_outcome
from tests.service.test_queue import hears

STEPS = 9


def made(desk: Desk, search_id: int) -> list[RoundRecord]:
    with desk.database.read() as tx:
        return rounds.page(tx, search_id, limit=1000, after=None)


def curve(hparams: Any) -> list[float]:
    """A learning curve: it falls from 1 towards a floor of the hyperparameters' own, each at a pace of its own."""
    floor, pace = abs(hparams["x"] - 0.3), 0.3 + hparams["x"] / 2
    return [floor + (1 - floor) * pace**step for step in range(1, STEPS + 1)]


def test_the_cutoffs_of_a_round_are_of_the_rounds_up_to_two_before_it(service: Service) -> None:
    desk = Desk(service.database)
    search_id = create(service, a_spec(sampler="zoom", stopping="asha", trials=40, parallel=8), idempotency_key=None).id
    early = {grant.trial.number: grant for grant in desk.claim(capacity=8)}
    assert [round_.cutoffs for round_ in made(desk, search_id)] == [{}, {}]
    for number, grant in early.items():
        desk.report(grant, 1, score=float(number))
        desk.report(grant, 3, score=number / 10)
    for number in range(4):
        verbs.finish(service, [an_outcome(early[number], score=0.5)])
    third = made(desk, search_id)[2]
    assert third.cutoffs == {"1": {"score": 0.0, "trials": 4}, "3": {"score": 0.0, "trials": 4}}


def test_a_report_that_stops_a_trial_creates_the_next_round_and_wakes_those_who_wait_for_it(
    service: Service, portal: BlockingPortal
) -> None:
    spec = a_spec(sampler="zoom", stopping={"name": "median", "min_trials": 1}, trials=9, parallel=1)
    search_id = create(service, spec, idempotency_key=None).id
    (first,) = verbs.claim(service, a_claim(), search_id=None)
    verbs.report(service, [a_report(first, 1, score=0.5)])
    verbs.finish(service, [an_outcome(first, score=0.5)])
    (second,) = verbs.claim(service, a_claim(), search_id=None)
    assert hears(service, portal, QUEUE, lambda: verbs.report(service, [a_report(second, 1, score=0.75)]))
    desk = Desk(service.database)
    assert desk.states(search_id) == [TrialState.COMPLETED, TrialState.STOPPED, TrialState.QUEUED]


def test_a_report_that_stops_nobody_plans_nothing(service: Service, portal: BlockingPortal) -> None:
    create(service, a_spec(sampler="zoom", stopping="asha", trials=9, parallel=1), idempotency_key=None)
    (grant,) = verbs.claim(service, a_claim(), search_id=None)
    said = [a_report(grant, 1, score=0.75)]
    assert not hears(service, portal, QUEUE, lambda: verbs.report(service, said), within=0.1)


def test_without_a_rule_a_round_has_no_cutoffs(service: Service) -> None:
    search_id = create(service, a_spec(sampler="zoom", trials=9, parallel=4), idempotency_key=None).id
    assert [round_.cutoffs for round_ in made(Desk(service.database), search_id)] == [None, None]


class Crowd:
    """Workers that report one step at a time, in an order of chance's own, some steps together, some trials twice."""

    def __init__(self, url: str, *, workers: int, order: int) -> None:
        self._url, self._workers, self._chance = url, workers, random.Random(order)
        self._desk = Desk(Database(url))
        self._held: dict[str, tuple[Grant, int]] = {}

    def run(self, **spec: Any) -> list[Any]:
        """What became of every trial."""
        search_id = self._desk.search(queued=0, **spec)
        advance(self._desk.database, search_id, now=self._desk.now)
        while self._desk.read(search_id).state is SearchState.ACTIVE:
            self._claim()
            if self._speak():
                advance(self._desk.database, search_id, now=self._desk.now)
        audit(self._desk.database)
        found = [
            (t.number, t.round, t.hyperparameters, t.state, t.value, t.stopped_step, t.verdict)
            for t in self._desk.trials(search_id)
        ]
        cutoffs = [round_.cutoffs for round_ in made(self._desk, search_id)]
        self._desk.database.close()
        return [*found, *cutoffs]

    def _claim(self) -> None:
        for name in (f"worker-{number}" for number in range(self._workers)):
            if name not in self._held and (grants := self._desk.claim(name)):
                self._held[name] = (grants[0], 0)

    def _speak(self) -> bool:
        """Whether a trial ended. One in twenty goes back to the queue and begins again."""
        name = self._chance.choice(sorted(self._held))
        grant, step = self._held.pop(name)
        values = curve(grant.trial.hyperparameters)
        if self._chance.random() < 0.05:
            self._desk.finish(grant, "returned")
            return False
        if step == STEPS:
            self._desk.finish(grant, score=values[-1])
            return True
        until = min(step + self._chance.randint(1, 6), STEPS)
        answers = self._desk.reports(*(a_report(grant, at + 1, score=values[at]) for at in range(step, until)))
        is_stopped = answers[-1].status == "stop"
        if not is_stopped:
            self._held[name] = (grant, until)
        return is_stopped


@pytest.mark.parametrize("stopping", ["asha", {"name": "median", "min_trials": 4, "min_steps": 2}])
def test_1_4_and_16_workers_take_the_same_decisions_in_whatever_order_they_report(
    sqlite_store_url: str, stopping: Any
) -> None:
    spec = {"stopping": stopping, "sampler": "zoom", "trials": 24, "parallel": 6, "seed": 3}
    alone = Crowd(sqlite_store_url, workers=1, order=0).run(**spec)
    assert {row[3] for row in alone[:24]} == {TrialState.STOPPED, TrialState.COMPLETED}
    for workers, order in ((4, 1), (16, 2)):
        assert Crowd(sqlite_store_url, workers=workers, order=order).run(**spec) == alone
