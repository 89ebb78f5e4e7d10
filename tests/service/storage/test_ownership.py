"""One server to a SQLite file, any number to a Postgres database."""

import os
from pathlib import Path

import pytest

from caviar.errors import StoreRefused
from service.storage.ownership import held


def test_a_file_belongs_to_one_server_until_that_lets_go(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new folder' / 'caviar.db'}"
    with held(url):
        refusal = rf"another server \(process {os.getpid()}\) uses .*caviar\.db; stop it"
        with pytest.raises(StoreRefused, match=refusal), held(url):
            raise AssertionError("it has two servers")
        with held(f"sqlite:///{tmp_path / 'other.db'}"):
            pass
    with held(url):
        pass


def test_a_postgres_database_belongs_to_all_who_ask() -> None:
    url = "postgresql://user@host/name"
    with held(url), held(url):
        assert True
