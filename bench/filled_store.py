"""A store that holds a search with many finished trials, written at once: a benchmark cannot train them."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from caviar.spec import SearchSpec
from caviar.states import Origin, TrialState
from service.samplers import box
from service.storage import searches, tables
from service.storage.database import Database
from service.storage.migrate import upgrade

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPACE = {f"p{i}": {"low": 1e-4, "high": 1.0, "scale": "log"} for i in range(8)}


def a_spec(**fields: Any) -> SearchSpec:
    """A search of 8 parameters for a trainer that the server knows by name only."""
    return SearchSpec.model_validate({"trainer": "toy", "metric": "loss", "goal": "minimize", "space": SPACE} | fields)


@contextmanager
def empty_store() -> Iterator[Database]:
    """On SQLite, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="caviar-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'caviar.db'}"
        upgrade(url)
        with closing(Database(url)) as database:
            yield database


def filled(database: Database, spec: SearchSpec, *, finished: int, round_size: int) -> int:
    """The id of a search with so many completed trials in rounds of this size, drawn at random."""
    trials = [_trial(spec, number, round_=number // round_size) for number in range(finished)]
    firsts = range(0, finished, round_size)
    rounds = [_round(spec, number, first=first, size=round_size) for number, first in enumerate(firsts)]
    with database.write() as tx:
        search = searches.create(tx, spec, dataset_hash=None, now=NOW)
        tx.execute(sa.insert(tables.trial), [trial | {"search_id": search} for trial in trials])
        tx.execute(sa.insert(tables.round_), [made | {"search_id": search} for made in rounds])
        counters = {"next_number": finished, "next_round": len(rounds), "completed": finished}
        tx.execute(sa.update(tables.search).where(tables.search.c.id == search).values(counters))
    return search


def loss(hparams: Mapping[str, Any]) -> float:
    """A bowl in which p0 matters most."""
    return sum(float(hparams[name] ** 0.25 - 0.3) ** 2 / (i + 1) for i, name in enumerate(SPACE))


def _trial(spec: SearchSpec, number: int, *, round_: int) -> dict[str, Any]:
    hparams = box.draw(spec.domain, box.whole(spec.domain), seed=0, number=number)
    score = loss(hparams)
    plain = {"round": round_, "origin": Origin.SAMPLED, "state": TrialState.COMPLETED, "stack": ""}
    times = {"available_at": NOW, "created_at": NOW, "finished_at": NOW}
    found = {"value": score, "score": score, "metrics": {"loss": score}, "seed": number}
    return {**plain, **times, **found, "number": number, "hyperparameters": hparams}


def _round(spec: SearchSpec, number: int, *, first: int, size: int) -> dict[str, Any]:
    everywhere = box.document(spec.domain, box.whole(spec.domain))
    plain = {"seen": first, "reason": "drawn at random", "box": everywhere, "state": {}, "created_at": NOW}
    return {**plain, "round": number, "first": first, "size": size}
