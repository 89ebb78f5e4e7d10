"""A large search with everything that charts read, written straight into the tables: queueing it would take minutes."""

import math
import random
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from service.storage import searches, tables
from service.storage.database import Database
from tests.service.desk import START, a_spec

SPACE: dict[str, Any] = {
    "learning_rate": {"low": 1e-4, "high": 1.0, "scale": "log"},
    "beta1": {"low": 0.9, "high": 0.999, "scale": "reverse_log"},
    "layers": {"low": 2, "high": 6, "type": "int"},
    "batch_size": {"values": [64, 128, 256]},
    "activation": {"values": ["relu", "tanh"]},
    "keep_prob": {"low": 0.5, "high": 1.0, "when": {"layers": [4, 5, 6]}},
}
ROUND = 4
STEPS = 2
_AT_ONCE = 5000


def fill(database: Database, *, trials: int) -> int:
    """The id of the search. Of 20 trials one failed, one diverged, five were stopped; the last four run."""
    spec = a_spec(space=SPACE, trials=trials, parallel=2 * ROUND, metric="dev_error", sampler="zoom")
    with database.write() as tx:
        search_id = searches.create(tx, spec, dataset_hash=None, now=START)
        randoms, best = random.Random(0), math.inf
        for start in range(0, trials, _AT_ONCE):
            rows = [_trial(number, trials, randoms) for number in range(start, min(start + _AT_ONCE, trials))]
            for row in rows:
                row["is_record"] = row["value"] is not None and row["value"] < best
                best = row["value"] if row["is_record"] else best
            tx.execute(sa.insert(tables.trial), [row | {"search_id": search_id} for row in rows])
        ids = {row.number: row.id for row in tx.execute(sa.select(tables.trial.c.number, tables.trial.c.id))}
        for start in range(0, trials, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, trials))
            tx.execute(sa.insert(tables.attempt), [_attempt(ids[number], number, trials) for number in numbers])
            reports = [_report(ids[number], step) for number in numbers for step in range(1, STEPS + 1)]
            tx.execute(sa.insert(tables.report), reports)
        rounds = [_round(number, trials) | {"search_id": search_id} for number in range(-(-trials // ROUND))]
        tx.execute(sa.insert(tables.round_), rounds)
        trial = tables.trial.c
        counted = tx.execute(sa.select(trial.state, sa.func.count().label("trials")).group_by(trial.state))
        counts = {row.state: row.trials for row in counted}
        leader = tx.execute(sa.select(trial.id).where(trial.score == best)).scalars().first()
        kept = {"next_number": trials, "next_round": len(rounds), "best_trial": leader, "best_score": best}
        tx.execute(sa.update(tables.search).values(**kept, **counts))
    with database.write() as tx:
        tx.exec_driver_sql("ANALYZE")
    return search_id


def _trial(number: int, trials: int, randoms: random.Random) -> dict[str, Any]:
    width = _width(number, trials)
    rate = 10 ** (-2 + 2 * width * (2 * randoms.random() - 1))
    hparams: dict[str, Any] = {
        "learning_rate": rate,
        "beta1": 1 - 10 ** -(1 + 2 * randoms.random()),
        "layers": randoms.randint(2, 6),
        "batch_size": randoms.choice([64, 128, 256]),
        "activation": randoms.choice(["relu", "tanh"]),
    }
    if hparams["layers"] >= 4:
        hparams["keep_prob"] = 0.5 + randoms.random() / 2
    error = 0.02 + 0.05 * math.log10(rate / 0.01) ** 2 + 0.02 * randoms.random()
    state = _state(number, trials)
    diverged = state == "completed" and number % 20 == 7
    is_ranked = state in ("completed", "stopped")
    value = error if is_ranked and not diverged else None
    return {
        "number": number,
        "round": number // ROUND,
        "origin": "sampled",
        "state": state,
        "stack": "",
        "hyperparameters": hparams,
        "seed": number,
        "available_at": START,
        "attempt": 1,
        "value": value,
        "score": (value or 0.0) if is_ranked else None,
        "diverged": diverged,
        "metrics": {"dev_error": "NaN" if diverged else error, "train_error": error / 2} if is_ranked else {},
        "error_code": "exception" if state == "failed" else None,
        "created_at": START,
        "finished_at": None if state == "running" else START + timedelta(seconds=number + 3),
        "stopped_step": 3 if state == "stopped" else None,
        "verdict": "stopped by asha" if state == "stopped" else None,
    }


def _state(number: int, trials: int) -> str:
    if number >= trials - ROUND:
        return "running"
    if number % 20 == 3:
        return "failed"
    return "stopped" if number % 4 == 1 else "completed"


def _width(number: int, trials: int) -> float:
    """Of the box, from 1 down to a tenth."""
    return 1 - 0.9 * number / trials


def _attempt(trial: int, number: int, trials: int) -> dict[str, Any]:
    state = _state(number, trials)
    return {
        "trial_id": trial,
        "attempt": 1,
        "worker": f"host-{number % ROUND}",
        "token_hash": bytes(32),
        "claim_key_hash": number.to_bytes(32),
        "outcome": state,
        "started_at": START + timedelta(seconds=number),
        "ended_at": None if state == "running" else START + timedelta(seconds=number + 3),
    }


def _report(trial: int, step: int) -> dict[str, Any]:
    metrics = {"dev_error": 1 / step, "train_error": 0.5 / step}
    return {"trial_id": trial, "attempt": 1, "step": step, "metrics": metrics, "reported_at": START}


def _round(number: int, trials: int) -> dict[str, Any]:
    width = _width(number * ROUND, trials)
    box = {
        name: {"low": side["low"], "high": side["high"]} if "low" in side else {"values": side["values"]}
        for name, side in SPACE.items()
    }
    box["learning_rate"] = {"low": 10 ** (-2 - 2 * width), "high": 10 ** (-2 + 2 * width)}
    return {
        "round": number,
        "first": number * ROUND,
        "size": ROUND,
        "seen": max(number - 1, 0) * ROUND,
        "reason": f"{width:.0%} of a range around trial {number}, the best of {number * ROUND} results",
        "box": box,
        "state": {},
        "created_at": START,
    }
