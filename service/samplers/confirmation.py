"""Running the leaders again: the last trials of a budget repeat the best with other seeds, since one may be lucky."""

from collections.abc import Hashable, Sequence

from caviar.spec import SamplerSpec
from caviar.states import Origin
from service.samplers.interface import Ask, Result, Suggestion


def of_budget(spec: SamplerSpec, budget: int) -> int:
    """How many of a budget's last numbers belong to it: at most a tenth."""
    return min(spec.confirms, budget // 10)


def total(ask: Ask) -> int:
    return of_budget(ask.spec, ask.budget)


def turns(ask: Ask) -> range:
    """Which of the confirmations, 0 to `total` - 1, fall into the round: its last numbers."""
    first = ask.budget - total(ask)
    return range(max(ask.first - first, 0), max(ask.first + ask.size - first, 0))


def suggestions(ask: Ask, leaders: Sequence[Result], *, turns: Sequence[int]) -> list[Suggestion]:
    """The leaders in turn; `leaders` are results, the best first, of which each point counts once."""
    originals = _originals(leaders, ask)[: total(ask)]
    if not originals:
        return []
    again = [originals[turn % len(originals)] for turn in turns]
    return [Suggestion(dict(r.hyperparameters), origin=Origin.CONFIRM, parent=r.number) for r in again]


def _originals(leaders: Sequence[Result], ask: Ask) -> list[Result]:
    """The first trial at each point that ran to its end, in the order of the leaders."""
    first: dict[Hashable, Result] = {}
    for result in leaders:
        if result.score is not None and result.step is None:
            point = ask.space.key(result.hyperparameters)
            known = first.setdefault(point, result)
            if result.number < known.number:
                first[point] = result
    return list(first.values())
