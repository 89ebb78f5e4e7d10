"""The methods that are compared, by name: NAME/W is a search with W workers (and, of ours, `parallel: W`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.peers.optuna_samplers import Study
from bench.peers.textbook_zoom import TextbookZoom
from bench.quality import ours
from bench.quality.tasks import Task
from bench.quality.world import Searcher
from caviar.space import Space
from caviar.spec import Order, SamplerName, SamplerSpec

Make = Callable[[Task, int, int], Searcher]
"""Task, seed, budget -> a search that has not begun."""


@dataclass(frozen=True)
class Method:
    """`is_budgeted`: what it does depends on the budget, so that each budget is a search of its own.

    One with `most_trials` is slow: it has no more than that, and may have fewer seeds.
    """

    make: Make
    workers: int = 1
    is_budgeted: bool = False
    most_trials: int | None = None

    def budgets(self, wanted: Sequence[int]) -> list[int]:
        return [budget for budget in wanted if self.most_trials is None or budget <= self.most_trials]


def ours_on(space: Space, spec: SamplerSpec, *, seed: int, parallel: int, trials: int) -> Searcher:
    """One of the product's samplers as a new search has it."""
    planner = ours.Sampler(space, spec, seed, trials)
    return ours.Rounds(planner, parallel=parallel, trials=trials, is_free=spec.order is Order.FREE)


def _ours(spec: SamplerSpec, *, parallel: int = 1) -> Make:
    return lambda task, seed, trials: ours_on(task.space, spec, seed=seed, parallel=parallel, trials=trials)


def _textbook(parallel: int) -> Make:
    return lambda task, seed, trials: ours.Rounds(TextbookZoom(task.space, seed), parallel=parallel, trials=trials)


def _zoom(workers: int, *, parallel: int | None = None, **options: Any) -> Method:
    """Its last trials are confirmations, so a search with another budget is another search."""
    make = _ours(SamplerSpec(**options), parallel=parallel or workers)
    return Method(make, workers=workers, is_budgeted=True)


def _optuna(sampler: str, workers: int) -> Make:
    return lambda task, seed, trials: Study(task.space, sampler, seed=seed, workers=workers)


METHODS = {
    "random/1": Method(_ours(SamplerSpec(name=SamplerName.RANDOM))),
    "sobol/1": Method(_ours(SamplerSpec(name=SamplerName.SOBOL))),
    "textbook/1": Method(_textbook(1)),
    "textbook/8": Method(_textbook(8), workers=8),
    "unscreened/1": _zoom(1, screen=False),
    "unscreened/8": _zoom(8, screen=False),
    "zoom/1": _zoom(1),
    "zoom/8": _zoom(8),
    "zoom_16/8": _zoom(8, parallel=16),
    "zoom_free/8": _zoom(8, order=Order.FREE),
    "tpe/1": Method(_optuna("tpe", 1)),
    "tpe/8": Method(_optuna("tpe", 8), workers=8),
    "optuna_random/1": Method(_optuna("optuna_random", 1)),
    "gp/1": Method(_optuna("gp", 1), most_trials=100),
    "cma_es/1": Method(_optuna("cma_es", 1)),
    "cma_es/8": Method(_optuna("cma_es", 8), workers=8),
}
"""random, sobol and optuna_random do the same with any number of workers."""
