"""Starting and ending processes, with small programs in the place of ours where ours would be too kind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from caviar.errors import ProcessFailed
from caviar.processes import Process, ending, is_running, ready_url, start, stop, wait_until_listening
from tests.commands.running import caviar, processes_with, wait_for

_LIFELINE = "from caviar.commands.lifeline import end_with_starter; end_with_starter({grace})"
_STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
{more}
print('ready', flush=True)
time.sleep(60)
"""


def program(code: str) -> Process:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def first_line(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_process_ends_by_sigterm_when_its_lifeline_does() -> None:
    process = program(f"{_LIFELINE.format(grace=30)}; import time; print('ready', flush=True); time.sleep(60)")
    first_line(process)

    assert process.stdin is not None
    process.stdin.close()

    assert process.wait(10) == -signal.SIGTERM
    stop([process])


def test_a_process_that_ignores_sigterm_is_killed_with_its_children_when_its_lifeline_ends(tmp_path: Path) -> None:
    child = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', '{tmp_path}'])"
    )
    process = program(_STUBBORN.format(more=f"{_LIFELINE.format(grace=0.1)}; {child}"))
    first_line(process)

    assert process.stdin is not None
    process.stdin.close()

    assert process.wait(10) == -signal.SIGKILL
    wait_for(lambda: processes_with(str(tmp_path)) == [])
    stop([process])


def test_stop_kills_what_ignores_sigterm_after_the_grace() -> None:
    process = program(_STUBBORN.format(more="pass"))
    first_line(process)
    start = time.monotonic()

    stop([process], grace_seconds=0.3)

    assert process.returncode == -signal.SIGKILL
    assert 0.3 <= time.monotonic() - start < 5
    assert ending(process) == "was killed by SIGKILL"


def test_a_second_ctrl_c_does_not_wait_for_the_grace() -> None:
    process = program(_STUBBORN.format(more="pass"))
    first_line(process)
    threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
    start = time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        stop([process], grace_seconds=30)

    assert process.returncode == -signal.SIGKILL
    assert time.monotonic() - start < 10


def test_ctrl_c_at_any_moment_of_a_look_leaves_a_process_that_can_be_stopped() -> None:
    """Popen.poll() interrupted inside loses its lock for ever, here in about one of six."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for milliseconds in (1.0 + i / 50 for i in range(50)):
            process = subprocess.Popen(["sleep", "60"], start_new_session=True, text=True)
            try:
                signal.setitimer(signal.ITIMER_REAL, milliseconds / 1000)
                while is_running(process):
                    pass
            except KeyboardInterrupt:
                signal.setitimer(signal.ITIMER_REAL, 0)
            stop([process])
            assert process.returncode == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_process_whose_end_was_not_noted_counts_as_ended() -> None:
    process = program("pass")
    os.waitpid(process.pid, 0)

    assert not is_running(process)
    stop([process])


def test_a_server_that_ends_before_it_is_ready_is_reported() -> None:
    server = program("import sys; sys.exit(3)")

    with pytest.raises(ProcessFailed, match="it ended with exit code 3"):
        ready_url(server)
    stop([server])


def test_a_server_that_says_nothing_is_not_waited_for_forever() -> None:
    server = program("import time; time.sleep(60)")

    with pytest.raises(ProcessFailed, match=r"not ready after 0\.2 s"):
        ready_url(server, timeout_seconds=0.2)
    stop([server])


def test_a_server_listens_before_it_is_ready_and_one_that_ended_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = start("serve", "--json", "--port", str(port), "--data-dir", str(tmp_path))
    try:
        wait_until_listening(server, "127.0.0.1", port)
        # Asked at once: the question waits in the queue of the socket until the server has loaded.
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30).status_code == 200
    finally:
        stop([server])
    wait_until_listening(server, "127.0.0.1", port)


def test_a_second_server_on_the_same_file_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    serve = ("serve", "--json", "--port", "0", "--data-dir", str(tmp_path))
    first = start(*serve)
    try:
        ready_url(first)
        refused = caviar(*serve)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
        assert f"another server (process {first.pid}) uses {tmp_path}/caviar.db" in refused.stderr
        first.kill()
        first.wait(10)
        again = start(*serve)
        try:
            assert ready_url(again)
        finally:
            stop([again])
    finally:
        first.kill()
        stop([first])
