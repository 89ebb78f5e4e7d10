"""Our own processes, as `caviar up` and `caviar demo` start and end them.

A process lives in a session of its own, so that Ctrl-C in a terminal reaches only its starter, which then ends the
others in order: workers first, while there is a server to give their trials back to. Its stdin is a lifeline: a pipe
whose other end only the starter holds, and which the kernel closes even after kill -9.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO

from caviar.errors import ProcessFailed

Process = subprocess.Popen[str]
_LOOK_SECONDS = 0.02
_KILL_SECONDS = 10.0
"""How long the kernel may take to end what was killed."""


def start(*arguments: str, settings: Mapping[str, str] | None = None, log: IO[str] | None = None) -> Process:
    """Run `caviar` with these arguments. `settings` are CAVIAR_* variables; stderr goes to `log`, else to our own."""
    # -P: a trainer.py or worker.py in the current folder is the user's and must not be taken for ours.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "caviar", *arguments, "--lifeline"],
        env={**os.environ, **(settings or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
        text=True,
    )


def ready_url(server: Process, *, timeout_seconds: float = 60.0) -> str:
    """Wait for the line in which `caviar serve --json` tells its URL. Raises ProcessFailed."""
    assert server.stdout is not None
    is_speaking, _, _ = select.select([server.stdout], [], [], timeout_seconds)
    line = server.stdout.readline() if is_speaking else ""
    if not is_speaking:
        raise ProcessFailed(f"the server was not ready after {timeout_seconds:g} s")
    if not line:
        _wait([server], time.monotonic() + timeout_seconds)
        raise ProcessFailed(f"the server did not start: it {ending(server)}")
    return str(json.loads(line)["url"])


def wait_until_listening(server: Process, host: str, port: int, *, timeout_seconds: float = 60.0) -> None:
    """Until connections are taken, if not yet answered, or the server has ended. Raises ProcessFailed after the time.

    What is started now waits for its first answer, and loads meanwhile.
    """
    deadline = time.monotonic() + timeout_seconds
    while is_running(server):
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        if time.monotonic() > deadline:
            raise ProcessFailed(f"the server was not ready after {timeout_seconds:g} s")
        time.sleep(_LOOK_SECONDS)


def is_running(process: Process) -> bool:
    """As `poll() is None`, for a program that Ctrl-C may interrupt anywhere.

    Popen.poll() takes a lock. Interrupted right then, it never gives it back, and Popen.wait() hangs for ever.
    """
    if process.returncode is None:
        try:
            pid, status = os.waitpid(process.pid, os.WNOHANG)
        except ChildProcessError:  # it ended in an earlier call, which was interrupted before it could note how
            process.returncode = 0
        else:
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode is None


def ending(process: Process) -> str:
    """How an ended process ended, as a predicate: `was killed by SIGKILL`."""
    code = process.returncode
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def stop(processes: Iterable[Process], *, grace_seconds: float = 10.0) -> None:
    """SIGTERM for all, then SIGKILL for whole groups that are left after the grace, or at a second Ctrl-C."""
    stopping = list(processes)
    try:
        for process in stopping:
            if is_running(process):
                os.kill(process.pid, signal.SIGTERM)
        _wait(stopping, time.monotonic() + grace_seconds)
    finally:
        for process in stopping:
            _kill(process)


def _wait(processes: Sequence[Process], deadline: float) -> None:
    """Until all have ended, or until the deadline (time.monotonic)."""
    while any(is_running(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)


def _kill(process: Process) -> None:
    if is_running(process):
        os.killpg(process.pid, signal.SIGKILL)
        _wait([process], time.monotonic() + _KILL_SECONDS)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


@contextlib.contextmanager
def sigterm_is_ctrl_c() -> Iterator[None]:
    """Within, SIGTERM raises KeyboardInterrupt too, so that there is one way to end."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
