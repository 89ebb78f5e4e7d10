import io
from typing import Any

import pytest
from pydantic import BaseModel
from rich.console import Console

from caviar.commands.display.tables import leaderboard_table
from caviar.documents import read_document
from caviar.wire.searches import SearchAnswer
from caviar.wire.trials import LeaderboardRow
from tests.commands.conftest import EXAMPLES


def example(model: type[BaseModel]) -> dict[str, Any]:
    extra: Any = model.model_config["json_schema_extra"]
    return dict(extra["examples"][0])


def drawn(width: int) -> list[str]:
    """The leaderboard of the demo on a terminal so wide."""
    spec = read_document(str(EXAMPLES / "digits.yaml"))
    search = SearchAnswer.model_validate({**example(SearchAnswer), "spec": spec})
    hparams = {"learning_rate": 0.0146642, "beta1": 0.99353, "hidden_units": 64, "layers": 3, "batch_size": 256}
    row = LeaderboardRow.model_validate({**example(LeaderboardRow), "hyperparameters": {**hparams, "l2": 2.01e-5}})
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(leaderboard_table(search, [row], console=console))
    return capture.get().splitlines()


def test_a_leaderboard_of_ten_columns_fits_into_80(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")

    assert drawn(80)[-1].split() == ["1", "0.9833", "0.9778", "30", "0.014664", "0.99353", "64", "3", "256", "2.01e-05"]
    assert drawn(80)[1].split()[:3] == ["rank", "_accuracy", "_accuracy"]
    assert drawn(140)[0].split()[:3] == ["rank", "dev_accuracy", "test_accuracy"]


def test_a_name_with_markup_is_shown_as_it_is() -> None:
    value = example(LeaderboardRow) | {"hyperparameters": {"kind": "[red]x[/red]"}}
    search = SearchAnswer.model_validate(
        example(SearchAnswer) | {"spec": {"metric": "dev_accuracy", "space": {"kind": {"values": ["[red]x[/red]"]}}}}
    )
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as capture:
        console.print(leaderboard_table(search, [LeaderboardRow.model_validate(value)], console=console))

    assert "[red]x[/red]" in capture.get()
