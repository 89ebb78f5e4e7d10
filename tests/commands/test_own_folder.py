"""A user's own folder often holds modules that are called as ours are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.running import caviar


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    for name in ("trainer", "worker", "service", "migrations", "typer"):
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('the {name} of the user was imported')\n")
    return tmp_path


@pytest.mark.parametrize("flags", [[], ["-P"], ["-X", "utf8"]])
def test_python_m_caviar_takes_no_module_of_the_current_folder_for_ours(own_folder: Path, flags: list[str]) -> None:
    command = [sys.executable, *flags, "-m", "caviar", "hyperparameters", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    answer = subprocess.run(command, cwd=own_folder, env=environment, capture_output=True, text=True, check=False)

    assert answer.stderr == ""
    assert json.loads(answer.stdout)["items"][0]["name"] == "learning_rate"


def test_a_script_of_the_user_imports_its_own_modules_and_caviar(own_folder: Path) -> None:
    (own_folder / "trainer.py").write_text("MINE = True\n")
    (own_folder / "script.py").write_text("import trainer, caviar\nprint(trainer.MINE, caviar.Client.__name__)\n")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    answer = subprocess.run(
        [sys.executable, "script.py"], cwd=own_folder, env=environment, capture_output=True, text=True, check=False
    )

    assert (answer.stdout, answer.stderr) == ("True Client\n", "")


def test_hyperparameters_are_listed_for_people_too(own_folder: Path) -> None:
    table = caviar("hyperparameters", cwd=own_folder).stdout

    assert "learning_rate" in table
    assert "hidden_units_N" in table
