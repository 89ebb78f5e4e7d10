"""Where a setting comes from."""

from datetime import timedelta
from pathlib import Path

import pytest

from caviar.errors import InvalidSettings
from caviar.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, where caviar.toml is looked for."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [load_settings().port]
    (folder / "caviar.toml").write_text("port = 8001")
    found.append(load_settings().port)
    monkeypatch.setenv("CAVIAR_PORT", "8002")
    found.append(load_settings(port=None).port)
    found.append(load_settings(port=8003).port)
    assert found == [8000, 8001, 8002, 8003]


def test_the_store_is_a_file_in_the_data_folder_unless_a_database_is_named(folder: Path) -> None:
    assert load_settings(data_dir=folder).store_url == f"sqlite:///{folder / 'caviar.db'}"
    assert load_settings(database_url="postgresql://host/name").store_url == "postgresql://host/name"


def test_a_lease_is_measured_as_time() -> None:
    assert load_settings(lease_ttl_seconds=1.5).lease_ttl == timedelta(seconds=1.5)


def test_settings_do_not_change_once_built() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("CAVIAR_PORT", "65536", "the setting port (CAVIAR_PORT) must be at most 65535 (given: '65536')"),
        ("CAVIAR_PORT", "http", "the setting port (CAVIAR_PORT) must be a valid integer"),
        ("CAVIAR_LEASE_TTL_SECONDS", "0", "the setting lease_ttl_seconds (CAVIAR_LEASE_TTL_SECONDS) must be above 0"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(
    name: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert caught.value.detail.startswith(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("prt = 1", r"the setting prt .* is not known here; did you mean port\?"),
        ("port: 1", "caviar.toml is not TOML: "),
    ],
)
def test_a_wrong_file_is_refused(text: str, reason: str, folder: Path) -> None:
    (folder / "caviar.toml").write_text(text)
    with pytest.raises(InvalidSettings, match=reason):
        load_settings()


def test_variables_that_are_no_settings_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAVIAR_TEST_DATA", "/data")
    assert load_settings() == Settings()
