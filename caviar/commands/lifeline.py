"""A process that must not outlive its starter: its stdin is a pipe that only the starter holds open."""

import os
import signal
import threading
import time


def end_with_starter(grace_seconds: float = 15.0) -> None:
    """From now on, the end of stdin asks this process to end as SIGTERM does, and kills its group after the grace."""
    threading.Thread(target=_watch, args=(grace_seconds,), name="lifeline", daemon=True).start()


def _watch(grace_seconds: float) -> None:
    # Not sys.stdin: a thread that waits inside a buffered reader aborts the interpreter's own shutdown.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os.killpg(os.getpgrp(), signal.SIGKILL)
