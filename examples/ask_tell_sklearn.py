"""Tune a scikit-learn model with ask and tell: python examples/ask_tell_sklearn.py [SEARCH]

It needs a server (caviar up; CAVIAR_URL names another one) and no worker: this process runs the trials itself. Start it
again elsewhere with the id that it prints, and both share the trials of one search.
"""

import sys
from collections.abc import Iterator
from typing import Any

from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

from caviar import Client

SPEC: dict[str, Any] = {
    "name": "SGD on digits",
    "trainer": "sgd-digits",  # no worker knows it, so every trial is left to this script
    "metric": "accuracy",
    "goal": "maximize",
    "space": {
        "alpha": {"low": 1e-6, "high": 1e-1, "scale": "log"},
        "eta0": {"low": 1e-4, "high": 1e-1, "scale": "log"},
        "penalty": {"values": ["l1", "l2", "elasticnet"]},
        "epochs": 8,
    },
    "stopping": "median",
    "trials": 24,
    "parallel": 4,
}

digits = load_digits()
train_x, dev_x, train_y, dev_y = train_test_split(digits.data / 16, digits.target, random_state=0)


def accuracies(hparams: dict[str, Any], seed: int) -> Iterator[float]:
    """Of a model that is trained for one epoch more each time."""
    chosen = {name: hparams[name] for name in ("alpha", "eta0", "penalty")}
    model = SGDClassifier(loss="log_loss", learning_rate="adaptive", random_state=seed % 2**32, **chosen)
    for _ in range(hparams["epochs"]):
        model.partial_fit(train_x, train_y, classes=digits.target_names)
        yield model.score(dev_x, dev_y)


with Client() as client:
    search = client.search(sys.argv[1]) if len(sys.argv) > 1 else client.submit(SPEC)
    print(f"search {search.id}: follow it with caviar top {search.id} --watch")
    for trial in search.asks():
        with trial:
            for epoch, accuracy in enumerate(accuracies(trial.hyperparameters, trial.seed), start=1):
                trial.report(epoch, accuracy=accuracy)
                if trial.should_stop:
                    break
    for row in search.leaderboard(5):
        print(f"{row.rank}. {row.value:.4f} trial {row.number} {row.hyperparameters}")
