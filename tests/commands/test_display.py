import io
from typing import Any

import pytest
from rich.console import Console

from caviar.commands.display.tables import leaderboard_table
from caviar.commands.display.words import box_words, duration_words, value_words
from caviar.documents import read_document
from caviar.wire.searches import SearchAnswer
from caviar.wire.trials import LeaderboardRow
from tests.commands.conftest import EXAMPLES


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.98333333, "0.98333"),
        (0.00002010345, "2.01e-05"),
        (64.0, "64"),
        (float("nan"), "nan"),
        (64, "64"),
        (True, "true"),
        (None, "null"),
        ("adam", "adam"),
        ([80, 40], "80 40"),
        ("red\x1b[31m", '"red\\u001b[31m"'),
    ],
)
def test_a_value_is_short_and_never_controls_the_terminal(value: object, words: str) -> None:
    assert value_words(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (59.2, "1 min 0 s"), (125.0, "2 min 5 s"), (7260.0, "2 h 1 min")]
)
def test_a_duration_is_rounded_up_to_what_one_waits_for(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_a_box_is_its_sides() -> None:
    box: dict[str, dict[str, Any]] = {
        "learning_rate": {"low": 0.0012345, "high": 0.02},
        "layers": {"low": 2, "high": 2},
        "batch_size": {"values": [64, 128]},
    }

    assert box_words(box) == "learning_rate 0.001234…0.02, layers 2, batch_size 64|128"


def example(model: type[SearchAnswer | LeaderboardRow]) -> dict[str, Any]:
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
