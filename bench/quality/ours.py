"""Our samplers as the server drives them, without a server: rounds, what each may see, and what is still running."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from caviar.space import Hyperparameters, Space
from caviar.spec import SamplerSpec
from caviar.states import Origin
from service.planning import suggest
from service.samplers.interface import Ask, Json, Result


@dataclass(frozen=True)
class Round:
    """What a planner is told of a round: its numbers, the results that it may see, and the trials that it may not."""

    numbers: range
    results: Sequence[Result]
    pending: Sequence[Hyperparameters]


class Planner(Protocol):
    """One search's sampler with the state that it carries from round to round."""

    def __call__(self, asked: Round) -> Sequence[Hyperparameters]: ...


@dataclass
class Sampler:
    """A planner: one of the product's samplers, asked as the server asks it."""

    space: Space
    spec: SamplerSpec
    seed: int
    trials: int
    defaults: Hyperparameters | None = None
    confirming: set[int] = field(default_factory=set, init=False)
    """The numbers of the trials that run others again."""
    _state: Json | None = field(default=None, init=False)

    def __call__(self, asked: Round) -> Sequence[Hyperparameters]:
        plan = suggest(self.ask_of(asked))
        self._state = plan.state
        made = zip(asked.numbers, plan.suggestions, strict=False)
        self.confirming |= {number for number, suggestion in made if suggestion.origin is Origin.CONFIRM}
        return [suggestion.hyperparameters for suggestion in plan.suggestions]

    def ask_of(self, asked: Round) -> Ask:
        """What the server would ask."""
        return Ask(
            space=self.space,
            spec=self.spec,
            seed=self.seed,
            first=asked.numbers.start,
            size=len(asked.numbers),
            drawn=asked.numbers.start,
            budget=self.trials,
            results=asked.results,
            seen=len(asked.results),
            pending=asked.pending,
            defaults=self.defaults,
            state=self._state,
        )


class Rounds:
    """Rounds of half of `parallel`; each sees the rounds up to two before it, or up to the one before if parallel is 1.

    `is_free` gives that up: as soon as a trial may begin, all that may are planned from whatever has finished.
    """

    def __init__(self, planner: Planner, *, parallel: int, trials: int, is_free: bool = False) -> None:
        self._planner = planner
        self._parallel = parallel
        self._trials = trials
        self._is_free = is_free
        self._points: list[Hyperparameters] = []
        self._asked = 0
        self._results: dict[int, Result] = {}

    def ask(self) -> Mapping[str, Any] | None:
        if self._asked == len(self._points):
            if not self._is_due():
                return None
            self._points.extend(self._planner(self._next()))
        self._asked += 1
        return self._points[self._asked - 1]

    def tell(self, number: int, loss: float, *, stopped_at: int | None = None) -> None:
        """An infinite loss is that of a trial without a value; `stopped_at`: the step at which a rule ended it."""
        score = loss if loss < float("inf") else None
        self._results[number] = Result(number, self._points[number], score, stopped_at)

    def _is_due(self) -> bool:
        if self._is_free:
            return len(self._points) - len(self._results) < self._parallel
        return all(number in self._results for number in self._seen())

    def _seen(self) -> Sequence[int]:
        """The trials whose results the next round sees."""
        if self._is_free:
            return sorted(self._results)
        lag = 0 if self._parallel == 1 else self._size
        return range(max(0, len(self._points) - lag))

    @property
    def _size(self) -> int:
        if self._is_free:
            return self._parallel - (len(self._points) - len(self._results))
        return max(1, self._parallel // 2)

    def _next(self) -> Round:
        first, seen = len(self._points), self._seen()
        return Round(
            numbers=range(first, min(first + self._size, self._trials)),
            results=[self._results[number] for number in seen],
            pending=[self._points[number] for number in sorted(set(range(first)) - set(seen))],
        )
