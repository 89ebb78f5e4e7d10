"""Running `caviar` as a user does: a process of its own, alone or on a terminal."""

import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from typing import IO, Any, NoReturn

from tests.commands.screen import Screen

COMMAND = [sys.executable, "-P", "-m", "caviar"]


def caviar(
    *arguments: str, cwd: Path | None = None, settings: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **(settings or {})}
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Terminal:
    """A process on a pseudo-terminal; `screen` is all it has written so far, `drawn` what that looks like."""

    def __init__(
        self,
        *arguments: str,
        settings: Mapping[str, str] | None = None,
        size: tuple[int, int] = (40, 140),
        stdout: IO[str] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        # The terminal's own size counts, not what whoever runs the tests has found out about theirs.
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environment = {**inherited, "TERM": "xterm-256color", **(settings or {})}
        self.process = subprocess.Popen(
            [*command, *arguments],
            env=environment,
            stdin=slave,
            stdout=stdout or slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._written = b""

    @property
    def screen(self) -> str:
        return self._written.decode(errors="replace")

    @property
    def drawn(self) -> Screen:
        return Screen(self.screen)

    def read_until(self, text: str, *, timeout: float = 30.0) -> str:
        deadline = time.monotonic() + timeout
        while text not in self.screen:
            if time.monotonic() > deadline or not self._read():
                self._give_up(f"{text!r} did not appear")
        return self.screen

    def read_to_end(self, *, timeout: float = 60.0) -> int:
        """The exit code."""
        deadline = time.monotonic() + timeout
        while self._read():
            if time.monotonic() > deadline:
                self._give_up("still running")
        os.close(self._master)
        return self.process.wait(10)

    def _give_up(self, why: str) -> NoReturn:
        """A test that fails leaves no process to the ones after it."""
        self.process.kill()
        self.process.wait(10)
        raise AssertionError(f"{why}: {self.screen!r}")

    def _read(self) -> bool:
        readable, _, _ = select.select([self._master], [], [], 0.1)
        if not readable:
            return True
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # how Linux says that the last process has left the terminal
            return False
        self._written += piece
        return bool(piece)


@contextmanager
def running(*arguments: str, settings: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on by itself, its stderr in a pipe; SIGTERM at the end, and never a process left."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env={**os.environ, **(settings or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


def line_with(process: subprocess.Popen[str], text: str) -> str:
    """The next line on stderr that holds the text."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return line.rstrip("\n")
    raise AssertionError(f"{text!r} was not said; instead: {''.join(seen)}")


def wait_for(is_so: Callable[[], bool], *, timeout: float = 15.0) -> None:
    deadline = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def processes_with(text: str) -> list[int]:
    """Ids of the processes in whose environment or command line the text stands, such as a test's own folder."""
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _mentions(folder, text.encode())]


def _mentions(folder: Path, text: bytes) -> bool:
    try:
        has_ended = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return not has_ended and text in (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
    except OSError:  # it has ended meanwhile, or belongs to somebody else
        return False


def interrupt(process: subprocess.Popen[Any]) -> None:
    """Ctrl-C as a terminal sends it: to the whole group in the foreground."""
    os.killpg(process.pid, signal.SIGINT)
