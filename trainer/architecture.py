"""The shape of a network, and where its params and moments lie in flat arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trainer.arrays import Shapes
from trainer.hyperparameters import has_batch_norm, widths


@dataclass(frozen=True)
class Architecture:
    """What the networks of one stack share: inputs, widths of the hidden layers, classes, and whether they normalise.

    Layers are counted from 1, as in the formulas: w[1] is the first, w[len(hidden) + 1] the output layer's.
    """

    n_inputs: int
    hidden: tuple[int, ...]
    n_classes: int
    has_batch_norm: bool

    @property
    def hidden_layers(self) -> range:
        """1 ... the number of hidden layers."""
        return range(1, len(self.hidden) + 1)

    @property
    def output_layer(self) -> int:
        """The number of the last layer."""
        return len(self.hidden) + 1

    @cached_property
    def param_shapes(self) -> Shapes:
        """w[n] and b[n] of every layer; gamma[n] and beta[n] instead of b[n] where it normalises."""
        shapes: dict[str, tuple[int, int]] = {}
        n_inputs = self.n_inputs
        for n, width in enumerate([*self.hidden, self.n_classes], start=1):
            shapes[f"w[{n}]"] = (n_inputs, width)
            if self.has_batch_norm and n in self.hidden_layers:
                shapes |= {f"gamma[{n}]": (1, width), f"beta[{n}]": (1, width)}
            else:
                shapes[f"b[{n}]"] = (1, width)
            n_inputs = width
        return shapes

    @cached_property
    def weight_names(self) -> tuple[str, ...]:
        """w[1], w[2], ...: the params that a penalty acts on."""
        return tuple(f"w[{n}]" for n in [*self.hidden_layers, self.output_layer])

    @cached_property
    def moment_shapes(self) -> Shapes:
        """mu[n] and sigma2[n] of every layer that normalises."""
        shapes: dict[str, tuple[int, int]] = {}
        for n in self.hidden_layers if self.has_batch_norm else ():
            shapes |= {f"mu[{n}]": (1, self.hidden[n - 1]), f"sigma2[{n}]": (1, self.hidden[n - 1])}
        return shapes


def architecture_of(hparams: Mapping[str, Any], *, n_inputs: int, n_classes: int) -> Architecture:
    """What complete hyperparameters say of the network for a data set."""
    return Architecture(n_inputs, widths(hparams), n_classes, has_batch_norm(hparams))
