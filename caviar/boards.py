"""A leaderboard as columns of text: the same in the terminal and in a notebook."""

from collections.abc import Mapping, Sequence
from typing import Any

from caviar.wire.trials import LeaderboardRow
from caviar.words import value_words


def columns(spec: Mapping[str, Any], rows: Sequence[LeaderboardRow]) -> list[str]:
    """The metric, its counterpart on the test set where it was reported, and the parameters that vary."""
    metric = spec["metric"]
    return ["rank", metric, *_test_counterpart(metric, rows), "trial", *varying_names(spec["space"])]


def cells(spec: Mapping[str, Any], rows: Sequence[LeaderboardRow]) -> list[list[str]]:
    """A line for each row, under `columns`."""
    tested, hparams = _test_counterpart(spec["metric"], rows), varying_names(spec["space"])
    return [
        [
            str(row.rank),
            value_words(row.value),
            *(value_words(row.metrics[name]) if name in row.metrics else "" for name in tested),
            str(row.number),
            *(value_words(row.hyperparameters[name]) if name in row.hyperparameters else "" for name in hparams),
        ]
        for row in rows
    ]


def varying_names(space: Mapping[str, Any]) -> list[str]:
    """A constant stands as its plain value; what varies is an object."""
    return [name for name, parameter in space.items() if isinstance(parameter, Mapping)]


def _test_counterpart(metric: str, rows: Sequence[LeaderboardRow]) -> list[str]:
    name = metric.replace("dev_", "test_", 1)
    return [name] if name != metric and any(name in row.metrics for row in rows) else []
