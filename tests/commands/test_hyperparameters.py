"""`caviar hyperparameters --space`: a space to begin with, ready to be pasted."""

import json

import pytest

from caviar.documents import parse_yaml
from caviar.recommended import READY_SPACES, ready_space
from tests.commands.running import caviar


@pytest.mark.parametrize("name", READY_SPACES)
def test_what_is_printed_is_the_space_when_it_is_pasted(name: str) -> None:
    printed = caviar("hyperparameters", "--space", name).stdout
    assert parse_yaml(f"space:\n{printed}trials: 10\n", source="pasted") == {"space": ready_space(name), "trials": 10}
    assert printed.count("  # tier") == len(READY_SPACES[name])


def test_without_a_name_it_is_all_of_it_and_json_is_the_same() -> None:
    assert caviar("hyperparameters", "--space").stdout == caviar("hyperparameters", "--space", "recommended").stdout
    assert json.loads(caviar("hyperparameters", "--space", "--json").stdout) == ready_space("recommended")


def test_a_name_that_is_none_is_refused() -> None:
    answer = caviar("hyperparameters", "--space", "recomended-2")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "error: there is no ready space 'recomended-2'; did you mean recommended-2?\n"
