"""What every side trains, said once: a dense network with ReLU, its batches, and Adam."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """`hidden` are the widths of the hidden layers; `l2` is lambda in lambda / 2m * ||w||^2 on weights, m = batch_size.

    Batch normalisation stands before the activation, and where it does there is no bias. `keep_prob` holds for every
    hidden layer. Adam's beta2 is 0.999 and its epsilon 1e-8; weights are He's normal ones.
    """

    hidden: tuple[int, ...]
    batch_size: int
    epochs: int
    learning_rate: float = 0.01
    beta1: float = 0.9
    l2: float = 0.0
    keep_prob: float = 1.0
    has_batch_norm: bool = True

    def hparams(self) -> dict[str, Any]:
        """For our trainer. keep_prob is left out where it changes nothing."""
        dropout = {} if self.keep_prob == 1 else {"keep_prob": self.keep_prob}
        return {
            "hidden_units": list(self.hidden),
            "layers": len(self.hidden),
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "learning_rate": self.learning_rate,
            "beta1": self.beta1,
            "l2": self.l2,
            "batch_norm": self.has_batch_norm,
            **dropout,
        }


def recipe_of(hparams: Mapping[str, Any]) -> Recipe:
    """The recipe of a trial that was drawn from a space with one width for all of its layers."""
    return Recipe(
        hidden=(hparams["hidden_units"],) * hparams["layers"],
        batch_size=hparams["batch_size"],
        epochs=hparams["epochs"],
        learning_rate=hparams["learning_rate"],
        beta1=hparams["beta1"],
        l2=hparams["l2"],
    )
