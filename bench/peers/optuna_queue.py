"""Optuna's ask and tell on a database of its own: the processes share a study, and there is no server.

As its best users set it up: SQLite in WAL mode, as ours is, with a wait for the other processes' locks; the parameters
are named when a trial is asked for; heartbeats are off, which is its default. Optuna asks for trials one by one, so a
batch is so many trials asked for and then told.
"""

import sqlite3
from dataclasses import dataclass
from functools import cache
from typing import Any

import optuna
from sqlalchemy.engine import make_url

from bench.queue_cost.crew import Unit
from bench.queue_cost.toy import HIGH, LOW, NAMES, loss

_SPACE = {name: optuna.distributions.FloatDistribution(LOW, HIGH, log=True) for name in NAMES}


@dataclass(frozen=True)
class OptunaSide:
    """`url`: of a database that `created` has set up."""

    url: str

    def prepare(self, *, clients: int, batch: int) -> str:
        study = optuna.create_study(storage=_storage(self.url), direction="minimize")
        return str(study.study_name)

    def join(self, name: str, *, place: int, batch: int) -> Unit:
        sampler = optuna.samplers.RandomSampler(seed=place)
        study = optuna.load_study(study_name=name, storage=_storage(self.url), sampler=sampler)

        def work(count: int) -> int:
            for trial in [study.ask(_SPACE) for _ in range(count)]:
                study.tell(trial, loss(trial.params))
            return count

        work(1)
        return lambda: work(batch)

    def close(self, name: str) -> None:
        """A study that nobody asks costs nothing."""


def created(url: str) -> OptunaSide:
    """The tables are made at once, before several processes would make them."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(parsed.database))
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
    _storage(url)
    return OptunaSide(url)


@cache
def _storage(url: str) -> Any:
    """One for a process: its connections are kept from round to round."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    options = {"connect_args": {"timeout": 60}} if is_sqlite else {}
    return optuna.storages.RDBStorage(url, engine_kwargs=options)
