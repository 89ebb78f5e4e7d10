"""`caviar demo`: a whole search on real data, in a folder of its own."""

import json
import re
from pathlib import Path

import pytest

from tests.commands.running import Terminal, caviar, interrupt, processes_with, wait_for


@pytest.fixture
def temporary(tmp_path: Path) -> dict[str, str]:
    """Where the demo makes its folder: so a test sees what is left."""
    return {"TMPDIR": str(tmp_path)}


def test_the_demo_shows_rounds_that_narrow_and_leaves_its_leaderboard_alone_on_stdout(
    tmp_path: Path, temporary: dict[str, str]
) -> None:
    answer = caviar("demo", "--json", settings=temporary)

    assert answer.returncode == 0, answer.stderr
    items = json.loads(answer.stdout)["items"]
    assert [item["rank"] for item in items] == list(range(1, 49))
    assert items[0]["value"] >= 0.97
    assert items[0]["metrics"]["test_accuracy"] > 0.9
    boxes = re.findall(r"^round (\d+): learning_rate ([\d.e-]+)…([\d.e-]+), beta1 ", answer.stderr, re.MULTILINE)
    assert [int(number) for number, _, _ in boxes] == list(range(12))
    assert float(boxes[-1][2]) / float(boxes[-1][1]) < 0.5 * float(boxes[0][2]) / float(boxes[0][1])
    assert re.search(r"^best of 48 trials in .+: trial \d+ with dev accuracy .+, test accuracy ", answer.stderr, re.M)
    assert "caviar up" in answer.stderr
    assert processes_with(str(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_during_the_demo_leaves_nothing(tmp_path: Path, temporary: dict[str, str]) -> None:
    terminal = Terminal("demo", settings=temporary)
    terminal.read_until("━━━")

    interrupt(terminal.process)

    assert terminal.read_to_end() == 130
    assert "Traceback" not in terminal.screen
    wait_for(lambda: processes_with(str(tmp_path)) == [])
    assert list(tmp_path.iterdir()) == []
