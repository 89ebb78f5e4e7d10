"""The search in this process is the server's, without the server."""

import pytest

from bench.known_results import KNOWN, Known
from bench.small_search import best_value
from caviar.spec import SearchSpec
from service import builtin
from trainer.datasets import load
from trainer.split import split_table
from trainer.tables import TABLES

SPEC = {
    "dataset": "iris",
    "metric": "dev_accuracy",
    "goal": "maximize",
    "space": {
        "learning_rate": {"low": 1e-3, "high": 0.1, "scale": "log"},
        "hidden_units": {"values": [4, 8]},
        "epochs": 3,
    },
    "trials": 7,
    "parallel": 4,
    "seed": 0,
}


def test_a_search_gives_the_best_of_its_trials_and_the_same_one_again() -> None:
    split = split_table(load("iris"), seed=0)
    best = best_value(SPEC, split)
    assert 0.5 < best <= 1
    assert best_value(SPEC, split) == best
    assert best_value({**SPEC, "trials": 1}, split) <= best


@pytest.mark.parametrize(
    "known", [known for known in KNOWN if known.dataset in TABLES], ids=lambda known: known.dataset
)
def test_the_server_would_accept_the_searches_for_known_results(known: Known) -> None:
    spec = SearchSpec.model_validate(known.spec())
    builtin.check(spec)
