"""The clients' history: what was written survives its writer."""

import os
import subprocess
import sys
from pathlib import Path

from bench.chaos import history
from bench.chaos.history import History

WRITER = """
import os, signal, sys
from pathlib import Path
from bench.chaos.history import History
history = History(Path(sys.argv[1]))
for number in range(1000):
    history.note("counted", number=number)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writer_loses_nothing_that_it_had_noted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "one.jsonl")]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)
    assert killed.returncode == -9
    events = history.read(tmp_path)
    assert [event["number"] for event in events] == list(range(1000))
    assert {event["client"] for event in events} == {"one"}


def test_events_of_several_writers_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    one, other = History(tmp_path / "one.jsonl"), History(tmp_path / "other.jsonl")
    for number in range(6):
        (one, other)[number % 2].note("counted", number=number)
    one.close()
    other.close()
    assert [(event["client"], event["number"]) for event in history.read(tmp_path)] == [
        (("one", "other")[number % 2], number) for number in range(6)
    ]


def test_a_line_that_its_writer_could_not_end_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    written = History(path)
    written.note("whole")
    written.close()
    with path.open("a") as file:
        file.write('{"kind": "half", "at": 3')
    assert [event["kind"] for event in history.read(tmp_path)] == ["whole"]
