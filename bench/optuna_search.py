"""The peer's search as a user runs it: one script, started and waited for."""

import json
import subprocess
import sys
import time
from dataclasses import asdict

from bench.whole import Outcome, Task


def run(task: Task) -> Outcome:
    """The clock runs from the start of the script to its end. Raises CalledProcessError if it fails."""
    started_at, started = time.time(), time.perf_counter()
    script = subprocess.run(
        [sys.executable, "-m", "bench.peers.optuna_study", json.dumps(asdict(task))],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - started
    said = json.loads(script.stdout.splitlines()[-1])
    return Outcome(
        seconds=seconds,
        start_up_seconds=said["first_trial_at"] - started_at,
        trials=said["trials"],
        best=said["best"],
    )
