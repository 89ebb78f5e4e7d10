"""The shape of a network, and where its params and moments lie in flat arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trainer.arrays import Shapes, flat_size
from trainer.hyperparameters import has_batch_norm, widths


@dataclass(frozen=True)
class Architecture:
    """What the networks of one group share: inputs, widths of the hidden layers, outputs, and what stands between.

    Layers are counted from 1, as in the formulas: w[1] is the first, w[len(hidden) + 1] the output layer's.
    """

    n_inputs: int
    hidden: tuple[int, ...]
    n_outputs: int
    has_batch_norm: bool
    activation: str = "relu"
    output: str = "softmax"

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
        """First w[n] of every layer, then what shifts: b[n], or beta[n] where it normalises; then gamma[n] there.

        So what a penalty acts on is the beginning of the flat array, with shifts or without.
        """
        sizes = [self.n_inputs, *self.hidden, self.n_outputs]
        weights = {f"w[{n}]": sizes[n - 1 : n + 1] for n in range(1, len(sizes))}
        normalised = self.hidden_layers if self.has_batch_norm else range(0)
        shifts = {f"{'beta' if n in normalised else 'b'}[{n}]": (1, sizes[n]) for n in range(1, len(sizes))}
        scales = {f"gamma[{n}]": (1, sizes[n]) for n in normalised}
        return {name: (int(rows), int(columns)) for name, (rows, columns) in (weights | shifts | scales).items()}

    @cached_property
    def n_params(self) -> int:
        """P: the numbers of one network."""
        return flat_size(self.param_shapes)

    def n_penalised(self, *, with_biases: bool) -> int:
        """How many of the first numbers a penalty acts on: those of w, and of b and beta when asked."""
        kinds = ("w", "b[", "beta") if with_biases else ("w",)
        return flat_size({name: shape for name, shape in self.param_shapes.items() if name.startswith(kinds)})

    @cached_property
    def moment_shapes(self) -> Shapes:
        """mu[n] and sigma2[n] of every layer that normalises."""
        shapes: dict[str, tuple[int, int]] = {}
        for n in self.hidden_layers if self.has_batch_norm else ():
            shapes |= {f"mu[{n}]": (1, self.hidden[n - 1]), f"sigma2[{n}]": (1, self.hidden[n - 1])}
        return shapes


def architecture_of(hparams: Mapping[str, Any], *, n_inputs: int, n_outputs: int, output: str) -> Architecture:
    """What complete hyperparameters say of the network for a data set, whose output layer is known."""
    return Architecture(n_inputs, widths(hparams), n_outputs, has_batch_norm(hparams), hparams["activation"], output)
