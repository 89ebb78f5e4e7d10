"""The same spec, seed and results give the same trials, whatever the number of workers and the order they finish in."""

import random
from typing import Any

import pytest

from caviar.states import SearchState
from service.planning import advance
from service.storage import leases
from service.storage.claims import Grant
from service.storage.database import Database
from tests.service.audit import audit
from tests.service.desk import TTL, Desk

SPACE = {
    "rate": {"low": 1e-4, "high": 1.0, "scale": "log"},
    "units": {"low": 10, "high": 100, "type": "int"},
    "kind": {"values": ["a", "b", "c"]},
    "depth": {"low": 0.0, "high": 1.0, "when": {"kind": ["a", "b"]}},
}
Trials = list[tuple[int, int, Any, int, Any]]
"""(number, round, hyperparameters, seed, value)"""


class Crowd:
    """Workers that take one trial at a time and finish in an order of chance's own."""

    def __init__(self, url: str, *, workers: int, order: int) -> None:
        self._url, self._workers, self._chance = url, workers, random.Random(order)
        self._desk = Desk(Database(url))
        self._held: dict[str, Grant] = {}
        self._restart_in = 20

    def run(self, **spec: Any) -> Trials:
        search_id = self._desk.search(queued=0, space=SPACE, **spec)
        while self._desk.read(search_id).state is SearchState.ACTIVE:
            self._restart_in -= 1
            if self._restart_in == 0:
                self._restart()
            advance(self._desk.database, search_id, now=self._desk.now)
            self._claim()
            self._end_one()
        audit(self._desk.database)
        found = [(t.number, t.round, t.hyperparameters, t.seed, t.value) for t in self._desk.trials(search_id)]
        self._desk.database.close()
        return found

    def _claim(self) -> None:
        for name in (f"worker-{number}" for number in range(self._workers)):
            if name not in self._held and (grants := self._desk.claim(name)):
                self._held[name] = grants[0]

    def _end_one(self) -> None:
        """One in eight is given back, one in ten fails for its hyperparameters' sake."""
        name = self._chance.choice(sorted(self._held))
        grant = self._held.pop(name)
        hparams = grant.trial.hyperparameters
        if self._chance.random() < 0.125:
            self._desk.finish(grant, "returned")
        elif hparams["units"] % 10 == 7:
            self._desk.finish(grant, "failed", error="no network has so many units")
        else:
            self._desk.finish(grant, score=abs(hparams["units"] - 40) + hparams["rate"] + (hparams["kind"] != "b"))

    def _restart(self) -> None:
        """Another server takes over from one that died between a commit and its planning."""
        now = self._desk.now
        self._desk.database.close()
        self._desk = Desk(Database(self._url))
        self._desk.now = now
        self._desk.wait(300)
        with self._desk.database.write() as tx:
            leases.grace(tx, since=None, ttl=TTL, now=self._desk.now)


def run(url: str, *, workers: int = 1, order: int = 0, **fields: Any) -> Trials:
    return Crowd(url, workers=workers, order=order).run(**({"trials": 26, "parallel": 6, "seed": 11} | fields))


@pytest.mark.parametrize("sampler", ["zoom", "random", "sobol", {"name": "zoom", "screen": False}], ids=str)
def test_1_4_and_16_workers_give_the_same_trials_in_whatever_order_they_finish(
    sqlite_store_url: str, sampler: Any
) -> None:
    alone = run(sqlite_store_url, sampler=sampler)
    assert [number for number, *_ in alone] == list(range(26))
    for workers, order in ((4, 1), (16, 2), (16, 3)):
        assert run(sqlite_store_url, workers=workers, order=order, sampler=sampler) == alone


def test_with_parallel_1_so_does_each_that_learns_from_all_before(sqlite_store_url: str) -> None:
    alone = run(sqlite_store_url, sampler="zoom", trials=12, parallel=1)
    assert run(sqlite_store_url, workers=4, order=1, sampler="zoom", trials=12, parallel=1) == alone


@pytest.mark.parametrize("sampler", ["zoom", "random"])
def test_another_seed_gives_other_trials(sqlite_store_url: str, sampler: str) -> None:
    one, other = (run(sqlite_store_url, workers=4, sampler=sampler, seed=seed, trials=6) for seed in (1, 2))
    assert all(a[2] != b[2] and a[3] != b[3] for a, b in zip(one, other, strict=True))
