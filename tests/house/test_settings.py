"""Every setting is documented, and nothing else is."""

import re

from caviar.settings import Settings
from tests.house.tree import ROOT

ROW = re.compile(r"^\| `CAVIAR_([A-Z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
DOCUMENTED = {row[0].lower(): row[1] for row in ROW.findall((ROOT / "docs/configuration.md").read_text())}


def test_the_table_of_settings_is_complete() -> None:
    assert set(DOCUMENTED) == set(Settings.model_fields)


def test_the_table_shows_the_true_defaults() -> None:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    plain = {name: value for name, value in defaults.items() if isinstance(value, str | int | float)}
    assert {name: DOCUMENTED[name] for name in plain} == {name: _shown(value) for name, value in plain.items()}


def _shown(value: str | float) -> str:
    return f"`{value}`" if isinstance(value, str) else f"`{value:g}`"


def test_every_setting_describes_itself() -> None:
    assert all(field.description for field in Settings.model_fields.values())
