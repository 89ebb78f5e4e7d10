"""Both sides' databases survive a power cut with all that was acknowledged, so their commits can be compared."""

import sqlite3
from contextlib import closing

import psycopg
import pytest
from sqlalchemy.engine import make_url

from bench.queue_cost.stores import stores


def test_postgres_waits_for_the_disk() -> None:
    with stores("postgres") as new_store:
        address = make_url(new_store("one")).set(drivername="postgresql").render_as_string()
        with psycopg.connect(address) as connection:
            found = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
    assert found == [("on",), ("on",)]


@pytest.mark.peers
def test_optunas_sqlite_is_as_durable_as_ours() -> None:
    from bench.peers.optuna_queue import created

    with stores("sqlite") as new_store:
        url = new_store("optuna")
        created(url)
        # A study's connections come from the same driver with the same defaults.
        with closing(sqlite3.connect(str(make_url(url).database))) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"
