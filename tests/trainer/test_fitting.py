import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

import trainer
from trainer.split import Shares
from trainer.training import Report

ROOT = Path(__file__).parents[2]


def test_one_network_is_trained_without_a_server() -> None:
    x, y = load_digits(return_X_y=True)
    model, reports = trainer.fit(x, y, {"hidden_units": 32, "epochs": 8, "learning_rate": 0.01})
    assert [report.epoch for report in reports] == list(range(1, 9))
    assert reports[-1].metrics["test_accuracy"] > 0.9
    assert (model.predict(x) == y.astype(str)).mean() > 0.95


def test_text_labels_need_their_names() -> None:
    x, y = load_iris(return_X_y=True)
    text = np.array(["setosa", "versicolor", "virginica"])[y]
    with pytest.raises(ValueError, match="The label setosa is text"):
        trainer.fit(x, text)
    model, _ = trainer.fit(x, text, {"epochs": 1}, class_names=("setosa", "versicolor", "virginica"))
    assert set(model.predict(x)) <= set(text)


def test_shares_are_the_caller_s() -> None:
    x, y = load_iris(return_X_y=True)
    _, [report] = trainer.fit(x, y, {"epochs": 1}, shares=Shares(0.2, 0))
    assert {name.partition("_")[0] for name in report.metrics} == {"train", "dev"}


def test_the_learning_rate_can_be_changed_by_hand_between_epochs() -> None:
    x, y = load_iris(return_X_y=True)

    def stopping(report: Report) -> Mapping[str, float] | None:
        return {"learning_rate": 1e-30} if report.epoch == 2 else None

    _, reports = trainer.fit(x, y, {"epochs": 4, "batch_norm": False}, on_epoch=stopping)
    costs = [report.metrics["train_cost"] for report in reports]
    assert costs[0] != costs[1] == costs[2] == costs[3]


def test_the_package_loads_without_numpy_and_knows_nothing_else() -> None:
    code = "import sys, trainer; print('numpy' in sys.modules, hasattr(trainer, 'nothing'), callable(trainer.fit))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout == "False False True\n"
