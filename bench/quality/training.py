"""Real training: the data sets and the space that both sides search on."""

from dataclasses import dataclass
from typing import Any

from bench.real_data import real_table
from bench.stacked import Training
from caviar.parameters import Choice, Kind, Range
from caviar.scales import Scale
from caviar.space import Space
from trainer.datasets import Table
from trainer.hyperparameters import find
from trainer.shuffle import split_rows
from trainer.split import split_table

VARYING = {
    "learning_rate": Range(low=1e-4, high=1.0, scale=Scale.LOG),
    "optimizer": Choice(values=["adam", "momentum"]),
    "beta1": Range(low=0.8, high=0.99, scale=Scale.REVERSE_LOG),
    "hidden_units": Range(low=8, high=128, scale=Scale.LOG, type=Kind.INT),
    "layers": Range(low=1, high=3, type=Kind.INT),
    "batch_size": Choice(values=[32, 64, 128, 256]),
    "l2": Range(low=1e-4, high=10.0, scale=Scale.LOG),
    "keep_prob": Range(low=0.5, high=1.0),
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A data set, so many of its examples, and what is searched for on it."""

    dataset: str
    examples: int
    epochs: int
    metric: str = "dev_accuracy"

    @property
    def space(self) -> Space:
        return Space({**VARYING, "epochs": self.epochs})

    @property
    def defaults(self) -> dict[str, Any]:
        """What the trainer takes for what is searched for, where nobody says."""
        return {name: row.default for name in VARYING if (row := find(name)) is not None}

    def training(self) -> Training:
        """On the same split for every search. Raises NotHere."""
        table = real_table(self.dataset)
        rows, _ = split_rows(len(table.y), held_out=len(table.y) - self.examples, seed=0)
        split = split_table(Table(table.x[rows], table.y[rows], table.class_names), seed=0)
        return Training(split, self.metric)


PROBLEMS = (
    Problem(dataset="letter", examples=8000, epochs=5),
    Problem(dataset="splice", examples=3190, epochs=8),
    Problem(dataset="spambase", examples=4601, epochs=8),
    Problem(dataset="fashion_mnist_10k", examples=5000, epochs=5),
    Problem(dataset="california_housing", examples=8000, epochs=6, metric="dev_r2"),
)
