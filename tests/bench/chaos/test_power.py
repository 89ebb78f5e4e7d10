"""What a power cut leaves of a SQLite file: what was synced, and nothing else."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bench.chaos import power

pytestmark = pytest.mark.skipif(not power.is_possible(), reason=f"needs a C compiler ({power.COMPILER})")
WRITER = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute(f"PRAGMA synchronous = {sys.argv[2]}")
connection.execute("PRAGMA wal_autocheckpoint = 100")
connection.execute("CREATE TABLE kept (number INTEGER)")
for number in range(400):
    connection.execute("INSERT INTO kept VALUES (?)", (number,))
os.kill(os.getpid(), signal.SIGKILL)
"""


def kept(folder: Path, *, synchronous: str, cut: bool) -> int:
    """How many of 400 committed rows there are after their writer was killed, or the power cut."""
    database = folder / "caviar.db"
    env = {**os.environ, **power.preload(folder)}
    subprocess.run([sys.executable, "-c", WRITER, str(database), synchronous], env=env, check=False)
    if cut:
        power.cut(database)
    connection = sqlite3.connect(database)
    try:
        return int(connection.execute("SELECT count(*) FROM kept").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def test_what_was_committed_with_a_sync_survives_a_power_cut(tmp_path: Path) -> None:
    assert kept(tmp_path, synchronous="FULL", cut=True) == 400


def test_what_was_committed_without_a_sync_survives_a_kill_but_no_power_cut(tmp_path: Path) -> None:
    for part in ("killed", "cut"):
        (tmp_path / part).mkdir()
    assert kept(tmp_path / "killed", synchronous="OFF", cut=False) == 400
    assert kept(tmp_path / "cut", synchronous="OFF", cut=True) < 400
