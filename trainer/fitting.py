"""One network without a server, from arrays to a model.

    model, reports = trainer.fit(X, y, {"hidden_units": 32, "keep_prob": 0.9})
    model.predict(X_new)

Notation: N examples, D features.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from trainer.checks import encoded
from trainer.datasets import Table
from trainer.hyperparameters import complete
from trainer.model import Model, model_of
from trainer.split import Shares, split_table
from trainer.stack import Member
from trainer.training import Report, run


class Fitted(NamedTuple):
    """The trained network, and what it reported after every epoch."""

    model: Model
    reports: list[Report]


def fit(  # noqa: PLR0913 - a caller may want any of them, each by its name
    X: ArrayLike,  # noqa: N803 - as everywhere in the field
    y: ArrayLike,
    hparams: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    class_names: Sequence[str] = (),
    shares: Shares | None = None,
    on_epoch: Callable[[Report], Mapping[str, float] | None] = lambda report: None,
) -> Fitted:
    """Train one network on X (N, D) and y (N,): whole numbers from 0 and text are classes, other numbers are predicted.

    Dev and test get their `shares` of the examples, 10% each by default. Text needs `class_names`. `on_epoch` is told
    every report, and may give hyperparameters to change from the next epoch on, such as {"learning_rate": 1e-4}.
    Raises ValueError with a sentence for wrong hyperparameters and for data that cannot be learned from.
    """
    table = table_of(X, y, class_names=class_names)
    split = split_table(table, seed=seed, shares=shares)
    member = Member(complete(hparams or {}), seed)
    wanted: dict[int, Mapping[str, float]] = {}
    reports = []
    for [report] in run(split, [member], changing=lambda: wanted):
        reports.append(report)
        wanted.clear()
        if changes := on_epoch(report):
            wanted[0] = changes
    network = reports[-1].network
    assert network is not None, "the last report has the network"
    return Fitted(model_of(network, member.hparams, split, class_names=table.class_names), reports)


def table_of(x: ArrayLike, y: ArrayLike, *, class_names: Sequence[str] = ()) -> Table:
    """A table from arrays. Raises ValueError for text labels without class names."""
    labels = np.asarray(y)
    features = np.ascontiguousarray(x, dtype=np.float32)
    if labels.dtype.kind == "f" and not class_names:
        return Table(features, labels.astype(np.float32), ())
    classes = encoded(labels, class_names=class_names)
    names = tuple(class_names) or tuple(str(c) for c in range(int(classes.max(initial=-1)) + 1))
    return Table(features, classes, names)
