"""Real servers and workers under faults: nothing acknowledged is lost, nothing happens twice, and every search ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT

LONGEST_SECONDS = 400


def chaos(report: Path, *flags: str) -> dict[str, Any]:
    """The figures of a run that ended well."""
    command = [sys.executable, "-m", "bench.chaos", "--report", str(report), *flags]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert json.loads(report.read_text())["attempts"] == found["attempts"]
    return found


def check_that_it_was_rough_and_nothing_broke(found: dict[str, Any], *, trials: int) -> None:
    assert [found[word] for word in ("lost", "duplicated", "unexpected", "stuck")] == [0, 0, 0, 0]
    assert found["trials"] == found["results"] == trials
    assert found["metrics_acked"] == found["metrics_acked_present"] > 5 * trials
    assert found["missed"] == {}, "the searches ended before every fault had happened"
    assert found["complaints"] == []
    # A worker or server that is killed while nobody looks proves nothing.
    assert found["attempts"] > trials
    assert found["recovery_seconds"]["count"] > 0
    assert found["answers"].get("500", 0) == 0
    assert found["server_stop_seconds"]["max"] <= 10


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_hundred_trials_survive_every_kind_of_fault(database: str, tmp_path: Path) -> None:
    found = chaos(tmp_path / "report.json", "--trials", "100", "--db", database, "--seed", "1")
    check_that_it_was_rough_and_nothing_broke(found, trials=100)
    kinds = {"worker_kill", "worker_term", "pause", "server_kill", "server_term", "partition", "drop_answer", "late"}
    assert kinds | ({"db_restart"} if database == "postgres" else set()) <= set(found["faults"])


@pytest.mark.long
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("seed", [2, 3])
def test_many_trials_survive_many_faults(database: str, seed: int, tmp_path: Path) -> None:
    found = chaos(tmp_path / "report.json", "--trials", "400", "--db", database, "--seed", str(seed))
    check_that_it_was_rough_and_nothing_broke(found, trials=400)
