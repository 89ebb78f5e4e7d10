"""Optuna's TPE with PyTorch, as a script of its own: two processes share one study in SQLite.

    python -m bench.peers.optuna_study TASK      (TASK: a bench.whole.Task as JSON)

prints {"first_trial_at": ..., "trials": ..., "best": ...}, times in seconds since the epoch.

As its best users write it: the processes are forked after the imports, so these are paid once; the database is in WAL
mode as ours is; TPE knows of trials that run elsewhere (`constant_liar`); every epoch is reported; no trial is pruned,
as ours stops none; Adam's kernel is PyTorch's default, or the fused one if the task says so.
"""

import json
import logging
import multiprocessing
import sqlite3
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optuna

from bench.peers import pytorch
from bench.recipe import Recipe
from bench.whole import Task
from trainer.datasets import load
from trainer.split import split_table

PROCESSES = 2
_NAME = "end to end"


def main(task: Task) -> None:
    """One study, from an empty folder to its best trial."""
    optuna.logging.set_verbosity(logging.WARNING)
    with TemporaryDirectory(prefix="optuna-bench-") as folder:
        data = pytorch.tensors(split_table(load("digits"), seed=task.seed))
        url = _create(Path(folder, "study.db"))
        fork = multiprocessing.get_context("fork")
        workers = [fork.Process(target=_work, args=(url, task, data, number)) for number in range(PROCESSES)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        print(json.dumps(_summary(url)))


def _create(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    url = f"sqlite:///{path}"
    optuna.create_study(study_name=_NAME, storage=_storage(url), direction="maximize")
    return url


def _storage(url: str) -> Any:
    """Waits for the other process's writes instead of failing."""
    return optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})


def _work(url: str, task: Task, data: pytorch.Tensors, number: int) -> None:
    """Trials until the study has enough, those that run elsewhere included."""
    sampler = optuna.samplers.TPESampler(seed=task.seed * PROCESSES + number, constant_liar=True)
    study = optuna.load_study(study_name=_NAME, storage=_storage(url), sampler=sampler)
    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.RUNNING)
    enough = optuna.study.MaxTrialsCallback(task.trials, states=states)

    def objective(trial: Any) -> float:
        recipe = _recipe(trial, task)

        def report(epoch: int, accuracy: float) -> None:
            trial.report(accuracy, epoch)

        return pytorch.train(data, recipe, trial.number, is_fused=task.is_fused, after_epoch=report)

    study.optimize(objective, callbacks=[enough])


def _recipe(trial: Any, task: Task) -> Recipe:
    """The space of the task's spec in Optuna's words: 1 - beta1 is what is drawn on a log scale."""
    layers = 2 if task.is_fixed_shape else trial.suggest_int("layers", 1, 3)
    return Recipe(
        hidden=(trial.suggest_int("hidden_units", 32, 128),) * layers,
        batch_size=128 if task.is_fixed_shape else trial.suggest_categorical("batch_size", [64, 128, 256]),
        epochs=task.epochs,
        learning_rate=trial.suggest_float("learning_rate", 1e-4, 1.0, log=True),
        beta1=1 - trial.suggest_float("one_minus_beta1", 0.001, 0.1, log=True),
        l2=trial.suggest_float("l2", 1e-5, 1e-1, log=True),
    )


def _summary(url: str) -> dict[str, Any]:
    study = optuna.load_study(study_name=_NAME, storage=_storage(url))
    begun: list[datetime] = [trial.datetime_start for trial in study.trials if trial.datetime_start is not None]
    finished = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    return {"first_trial_at": min(begun).timestamp(), "trials": len(finished), "best": study.best_value}


if __name__ == "__main__":
    main(Task(**json.loads(sys.argv[1])))
