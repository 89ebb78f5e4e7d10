"""A search without a store: a sampler against a made-up objective, in rounds as service/planning.py makes them."""

from collections.abc import Callable, Sequence
from typing import Any

from caviar.space import Hyperparameters, Space
from caviar.spec import SearchSpec
from service.samplers import box
from service.samplers.interface import Plan, Result, Sampler

Objective = Callable[[Hyperparameters], float | None]


def play(
    sampler: Sampler, space: Space, objective: Objective, *, trials: int, parallel: int = 8, seed: int = 0
) -> tuple[list[Result], list[Plan]]:
    """All results and the plan of every round. `objective` gives a score: lower is better."""
    size = max(1, parallel // 2)
    results: list[Result] = []
    plans: list[Plan] = []
    while len(results) < trials:
        seen = (len(plans) - 1) * size
        plans.append(sampler.plan(space, results[: max(seen, 0)]))
        for number in range(len(results), min(len(results) + size, trials)):
            hparams = sampler.draw(space, plans[-1].state, seed=seed, number=number)
            results.append(Result(number, hparams, objective(hparams)))
    return results, plans


def scored(space: Space, scores: Sequence[float | None], *, seed: int = 99) -> list[Result]:
    """Trials from anywhere in the space with these scores."""
    everywhere = box.whole(space)
    return [
        Result(number, box.draw(space, everywhere, seed=seed, number=number), score)
        for number, score in enumerate(scores)
    ]


def width(space: Space, plan: Plan, name: str) -> float:
    """The share of a parameter's unit interval from which the plan draws."""
    return sum(end - start for start, end in box.from_json(plan.state["box"])[name])


def a_space(**parameters: Any) -> Space:
    return SearchSpec.model_validate({"metric": "score", "goal": "minimize", "space": parameters}).domain
