"""`caviar up` as a whole: everything it starts ends with it, however it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from caviar import Client
from tests.commands.running import (
    COMMAND,
    Terminal,
    caviar,
    interrupt,
    line_with,
    processes_with,
    running,
    wait_for,
)


@contextmanager
def household(folder: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`caviar up` with one worker that is alive, and its URL; nothing may be left of it."""
    with running("up", "--port", "0", "--workers", "1", "--data-dir", str(folder), *flags) as up:
        url = line_with(up, "is ready at").split(" at ")[1].split()[0]
        wait_for(lambda: _live_workers(url) == 1)
        yield up, url
    wait_for(lambda: not processes_with(str(folder)))


def _live_workers(url: str) -> int:
    with Client(url) as client:
        return sum(worker.alive for worker in client.workers().items)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_everything_and_keep_what_is_stored(tmp_path: Path, end: signal.Signals) -> None:
    with household(tmp_path) as (up, _):
        os.killpg(up.pid, end)
        last = line_with(up, "stopped;")

        assert up.wait(10) == 0
        assert last == f"stopped; searches and results are kept in {tmp_path / 'caviar.db'}"
        assert processes_with(str(tmp_path)) == []
        assert (tmp_path / "caviar.db").exists()


def test_kill_9_of_up_leaves_no_process(tmp_path: Path) -> None:
    with household(tmp_path) as (up, _):
        assert len(processes_with(str(tmp_path))) == 2
        up.kill()


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with household(tmp_path) as (up, url):
        os.kill(_children(up.pid)[-1], signal.SIGKILL)

        assert line_with(up, "a worker") == "a worker was killed by SIGKILL; another starts in 1 s"
        with Client(url) as client:
            wait_for(lambda: len(client.workers().items) == 2)


def _children(pid: int) -> list[int]:
    """In the order of their start."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_server_that_dies_ends_up_with_the_reason(tmp_path: Path) -> None:
    with household(tmp_path) as (up, _):
        os.kill(_children(up.pid)[0], signal.SIGKILL)

        assert line_with(up, "error:") == "error: the server was killed by SIGKILL; what it had stored is kept"
        assert up.wait(20) == 1


def test_an_occupied_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        answer = caviar("up", "--port", str(port), "--data-dir", str(tmp_path))

    assert answer.returncode == 1
    assert answer.stderr.startswith(f"error: port {port} of 127.0.0.1 is in use by process {os.getpid()} (")
    assert answer.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_up_says_what_to_type_next_on_a_terminal_and_ctrl_c_leaves_it_clean(tmp_path: Path) -> None:
    terminal = Terminal("up", "--port", "0", "--workers", "2", "--data-dir", str(tmp_path))
    terminal.read_until("what is stored is kept")

    assert "caviar submit spec.yaml --wait --url http://127.0.0.1:" in terminal.screen
    assert "parallel: 4" in terminal.screen
    interrupt(terminal.process)

    assert terminal.read_to_end() == 0
    assert "Traceback" not in terminal.screen


def test_up_and_worker_tell_a_program_that_they_are_ready(tmp_path: Path) -> None:
    with running("up", "--json", "--port", "0", "--workers", "0", "--data-dir", str(tmp_path)) as up:
        assert up.stdout is not None
        ready = json.loads(up.stdout.readline())
        with running("worker", ready["url"], "--json", "--name", "ada") as worker:
            assert worker.stdout is not None
            assert json.loads(worker.stdout.readline()) == {"worker": "ada", "url": ready["url"]}
            wait_for(lambda: _live_workers(ready["url"]) == 1)
    assert ready["workers"] == 0


@pytest.mark.parametrize("flags", [["-m", "caviar"], ["-P", "-m", "caviar"]])
def test_up_runs_a_search_from_a_folder_with_modules_named_as_ours(tmp_path: Path, flags: list[str]) -> None:
    for name in ("trainer", "worker", "service", "migrations"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the module of the user was imported')\n")
    (tmp_path / "spec.yaml").write_text(
        "{trainer: mlp, dataset: iris, metric: dev_accuracy, goal: maximize, trials: 4, parallel: 2,"
        " space: {learning_rate: {low: 1e-3, high: 1e-1, scale: log}, epochs: 2}}"
    )
    command = [sys.executable, *flags, "up", "--port", "0", "--workers", "1", "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True) as up:
        url = line_with(up, "is ready at").split(" at ")[1].split()[0]

        waited = subprocess.run(
            [*COMMAND, "submit", "spec.yaml", "--wait", "--url", url],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        interrupt(up)
        up.communicate()

    assert (waited.returncode, up.returncode) == (0, 0), waited.stderr
    assert len(waited.stdout.splitlines()) == 5
