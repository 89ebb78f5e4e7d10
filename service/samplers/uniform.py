"""Random search: every trial is drawn from the whole space, on the parameters' own scales.

Source: Bergstra and Bengio 2012, "Random search for hyper-parameter optimization".
"""

from collections.abc import Sequence

from caviar.space import Hyperparameters, Space
from service.samplers import box
from service.samplers.interface import Json, Plan, Result


class RandomSampler:
    waits = False

    def plan(self, space: Space, results: Sequence[Result]) -> Plan:
        everywhere = box.whole(space)
        return Plan(
            state={"box": box.to_json(everywhere)},
            box=box.document(space, everywhere),
            reason="random search draws from the whole space",
            seen=0,
            best=None,
        )

    def draw(self, space: Space, state: Json, *, seed: int, number: int) -> Hyperparameters:
        return box.draw(space, box.from_json(state["box"]), seed=seed, number=number)
