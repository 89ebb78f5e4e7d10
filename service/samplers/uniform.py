"""Random search: every trial is drawn from the whole space, on the parameters' own scales.

Source: Bergstra and Bengio 2012, "Random search for hyper-parameter optimization".
"""

from caviar.errors import FieldError
from caviar.space import Hyperparameters, Space
from service.samplers import box


class RandomSampler:
    reason = "random search draws from the whole space"

    def problems(self, space: Space) -> list[FieldError]:
        return []

    def points(self, space: Space) -> int | None:
        """Unlimited: a point may come twice."""
        return None

    def draw(self, space: Space, *, seed: int, place: int) -> Hyperparameters:
        return box.draw(space, box.whole(space), seed=seed, number=place)
