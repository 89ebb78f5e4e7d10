"""A worker process of the rig: the real loop, outbox and client, which also write down what the server acknowledged."""

import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import parent_process
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from types import FrameType
from typing import Any

from bench.chaos import objective
from bench.chaos.history import History
from caviar.client import Client
from caviar.loop import Desk, Loop, Profile
from caviar.wire.protocol import ClaimAnswer, ClaimedTrial, ClaimRequest, FinishRequest, ReportRequest, Results

PAUSE_SECONDS = (0.01, 0.06)
"""Between these lies what a step takes in a worker; each worker has a speed of its own."""


@dataclass(frozen=True)
class Post:
    """Where a worker works, and as whom."""

    url: str
    name: str
    folder: Path
    """Takes its history and its log."""
    seed: int
    capacity: int
    heartbeat_seconds: float


class RecordingClient(Client):
    """Writes down every request of the protocol before it is sent, and every answer before anybody sees it."""

    def __init__(self, url: str, history: History) -> None:
        super().__init__(url, timeout=15.0)
        self._history = history

    def claim(self, request: ClaimRequest, *, wait: float = 0.0) -> ClaimAnswer:
        sent_at = time.monotonic()
        self._history.note("claiming", key=request.claim_key, worker=request.worker)
        answer = super().claim(request, wait=wait)
        fields = {"id", "search", "number", "attempt", "seed", "hyperparameters"}
        trials = [trial.model_dump(mode="json", include=fields) for trial in answer.trials]
        self._history.note("claimed", key=request.claim_key, worker=request.worker, sent_at=sent_at, trials=trials)
        return answer

    def report(self, request: ReportRequest) -> Results:
        items = request.model_dump(mode="json")["reports"]
        return self._recorded("report", items, lambda: super(RecordingClient, self).report(request))

    def finish(self, request: FinishRequest) -> Results:
        items = request.model_dump(mode="json")["outcomes"]
        return self._recorded("finish", items, lambda: super(RecordingClient, self).finish(request))

    def _recorded(self, call: str, items: Sequence[dict[str, Any]], ask: Any) -> Results:
        sent_at = time.monotonic()
        told = [{name: value for name, value in item.items() if name not in ("token", "error")} for item in items]
        self._history.note("saying", call=call, items=told)
        answer: Results = ask()
        results = [result.model_dump(mode="json", exclude_none=True) for result in answer.results]
        pairs = [{**item, "answer": result} for item, result in zip(told, results, strict=True)]
        self._history.note("said", call=call, sent_at=sent_at, items=pairs)
        return answer


def work(post: Post) -> None:
    """The body of the process: until SIGTERM, or until the rig is gone."""
    log = (post.folder / f"{post.name}.log").open("w", buffering=1)
    os.dup2(log.fileno(), sys.stderr.fileno())
    threading.Thread(target=_end_with_rig, daemon=True).start()
    chance = random.Random(post.seed)
    history = History(post.folder / f"{post.name}.jsonl")
    profile = Profile(worker=post.name, capacity=post.capacity, trainers=(objective.TRAINER,))
    with RecordingClient(post.url, history) as client:
        run = partial(train, chance=chance)
        loop = Loop(client, profile, run, heartbeat=post.heartbeat_seconds, say=lambda text: print(text, file=log))

        def drain(_number: int, _frame: FrameType | None) -> None:
            loop.drain()

        signal.signal(signal.SIGTERM, drain)
        loop.work()
    history.note("left")


def train(trials: Sequence[ClaimedTrial], desk: Desk, *, chance: random.Random) -> None:
    """All trials of a claim side by side, step by step, as a stack of networks is trained."""
    pause, step = chance.uniform(*PAUSE_SECONDS), 0
    while wanted := desk.wanted():
        step += 1
        time.sleep(min(chance.expovariate(1 / pause), 10 * pause))
        for trial in trials:
            if trial.id in wanted:
                _train_one(trial, desk, step=step)


def _train_one(trial: ClaimedTrial, desk: Desk, *, step: int) -> None:
    hparams = trial.hyperparameters
    try:
        desk.report(trial.id, step=step, metrics=objective.metrics(hparams, seed=trial.seed, step=step))
    except objective.Broken:
        desk.fail(trial.id, traceback.format_exc())
        return
    if step == objective.steps(hparams):
        desk.complete(trial.id, objective.final(hparams, seed=trial.seed))


def _end_with_rig() -> None:
    rig = parent_process()
    assert rig is not None
    wait_for([rig.sentinel])
    os._exit(1)
