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


def test_a_claim_that_cannot_be_written_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "caviar.db.server").mkdir()
    with (
        pytest.raises(StoreRefused, match=r"caviar\.db\.server cannot be written: Is a directory; choose another"),
        held(f"sqlite:///{tmp_path / 'caviar.db'}"),
    ):
        raise AssertionError("nothing was claimed")


def test_a_postgres_database_belongs_to_all_who_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    url = "postgresql://user@host/name"
    with held(url), held(url):
        assert list(tmp_path.iterdir()) == []


def test_a_file_on_a_network_file_system_is_refused_with_a_way_out(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:30 / {tmp_path.resolve()} rw - nfs server:/ rw\n")
    refusal = (
        r"caviar\.db would lie on a network file system \(nfs\), where SQLite loses data; .* --data-dir, or .*Postgres"
    )
    with pytest.raises(StoreRefused, match=refusal), held(f"sqlite:///{tmp_path / 'caviar.db'}", mounts=mounts):
        raise AssertionError("it was trusted")
    assert not list(tmp_path.glob("caviar.db*"))
