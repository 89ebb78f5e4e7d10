"""The planted bugs: a sound server passes each scenario, and the server with the bug is caught."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.chaos import bugs, power
from bench.chaos.planted import BUGS, judge
from service.storage import leases
from tests.house.tree import ROOT

QUICK = (1, 9, 13, 14)
"""A few seconds each. The others need a lease to run out or a server to be started again, and are long."""
CASES = [
    pytest.param(number, marks=[] if number in QUICK else pytest.mark.long, id=scenario.__name__)
    for number, scenario in BUGS.items()
]


def test_every_scenario_has_its_bug() -> None:
    assert [scenario.__name__ for scenario in BUGS.values()] == [bug.__name__ for bug in bugs.BUGS]
    assert list(BUGS) == list(range(1, 15))


@pytest.mark.parametrize("number", CASES)
def test_a_planted_bug_is_caught(number: int) -> None:
    if BUGS[number].__name__ == "synchronous_off" and not power.is_possible():
        pytest.skip(f"a power cut needs a C compiler ({power.COMPILER})")
    verdict = judge(number)
    assert verdict.sound == []
    assert verdict.planted != []


def test_a_safeguard_that_has_moved_is_noticed() -> None:
    with pytest.raises(AttributeError, match="no_such_safeguard"):
        bugs.replace(leases, "no_such_safeguard", None)


@pytest.mark.long
@pytest.mark.parametrize("bug", ["lost_report_accepted", "cancel_overwrites_finish"])
def test_the_whole_rig_fails_on_a_server_with_a_bug(bug: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.chaos", "--seed", "1", "--trials", "150", "--bug", bug]
    # With the few faults that a run of this size has by default, a bug may never be met.
    command += ["--cancels", "40", "--pauses", "8", "--report", str(tmp_path / "report.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 1, done.stdout
    # Which of the searches it hits, and how, is chance; that it is seen is not.
    assert re.search("^(lost|duplicated|unexpected): trial", done.stdout, re.MULTILINE), done.stdout + done.stderr
