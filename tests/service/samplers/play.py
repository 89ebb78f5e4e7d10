"""A search without a store: the sampler that a spec names against a made-up objective, in rounds as planning makes."""

from collections.abc import Callable, Sequence
from typing import Any

from caviar.space import Hyperparameters, Space
from caviar.spec import SamplerSpec, SearchSpec
from service.planning import lag, suggest
from service.samplers import box
from service.samplers.interface import Ask, Plan, Result

Objective = Callable[[Hyperparameters], float | None]


def play(
    space: Space, objective: Objective, *, trials: int, parallel: int = 8, **fields: Any
) -> tuple[list[Result], list[Plan]]:
    """All results and the plan of every round. `objective` gives a score: lower is better.

    Ends before `trials` where a plan holds fewer suggestions than it was asked for. `fields` are those of the ask.
    """
    size, rounds = max(1, parallel // 2), [0]
    results: list[Result] = []
    plans: list[Plan] = []
    while len(results) < trials:
        seen = rounds[max(len(rounds) - lag(parallel), 0)]
        state = plans[-1].state if plans else None
        asked = an_ask(
            space, results[:seen], first=len(results), size=min(size, trials - len(results)), budget=trials,
            pending=[result.hyperparameters for result in results[seen:]], state=state, **fields,
        )  # fmt: skip
        plans.append(suggest(asked))
        for number, made in enumerate(plans[-1].suggestions, start=len(results)):
            results.append(Result(number, made.hyperparameters, objective(made.hyperparameters)))
        if len(plans[-1].suggestions) < asked.size:
            break
        rounds.append(len(results))
    return results, plans


def an_ask(space: Space, results: Sequence[Result] = (), *, sampler: Any = "zoom", **fields: Any) -> Ask:
    """For a round of six trials after these results, well before the end of the budget."""
    spec = SamplerSpec.model_validate({"name": sampler} if isinstance(sampler, str) else sampler)
    plain = {
        "spec": spec, "seed": 1, "first": len(results), "size": 6, "budget": 1000, "seen": len(results),
        "pending": (), "defaults": None, "state": None,
    }  # fmt: skip
    given: dict[str, Any] = {**plain, **fields}
    return Ask(space=space, results=results, **{"drawn": given["first"], **given})


def scored(space: Space, scores: Sequence[float | None], *, seed: int = 99, first: int = 0) -> list[Result]:
    """Trials from anywhere in the space with these scores."""
    everywhere = box.whole(space)
    return [
        Result(number, box.draw(space, everywhere, seed=seed, number=number), score)
        for number, score in enumerate(scores, start=first)
    ]


def a_space(**parameters: Any) -> Space:
    return SearchSpec.model_validate({"metric": "score", "goal": "minimize", "space": parameters}).domain
