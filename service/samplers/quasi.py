"""Quasi-random search: trial n is point n of a scrambled Sobol sequence.

The first trials of a search already lie everywhere in its space, and however many there are, they lie more evenly than
random ones. Each varying parameter is one dimension, whether or not it is active.

Source: Bousquet et al. 2017, "Critical hyper-parameters: no random, no cry".
"""

from caviar.errors import FieldError
from caviar.space import Hyperparameters, Space
from service.samplers.sobol import point


class SobolSampler:
    reason = "Sobol's sequence fills the whole space evenly"

    def problems(self, space: Space) -> list[FieldError]:
        return []

    def points(self, space: Space) -> int | None:
        """Unlimited: later points of the sequence may repeat the values of earlier ones."""
        return None

    def draw(self, space: Space, *, seed: int, place: int) -> Hyperparameters:
        varying = [name for name in space.order if name in space.varying]
        position = dict(zip(varying, point(len(varying), seed=seed, number=place), strict=True))
        return space.assemble(lambda name, parameter: parameter.value_at(position[name]))
