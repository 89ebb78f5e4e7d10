"""How far the zoom has closed in: one number, the width of the box as a share of each parameter's range.

It starts at 1. Some results in a row without a better one halve it; three better ones in a row double it. When it is at
its floor and still nothing gets better, it is spent: the box is closed and a new one, wide again, opens elsewhere.
Source: the success and failure counters of Eriksson et al. 2019, "Scalable global optimization via local Bayesian
optimization" (TuRBO), section 2. Deviation: the box does not bound the search, part of the candidates lie outside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.samplers.interface import Result
from service.samplers.ranking import Place, place

FLOOR = 0.02
WINS_TO_DOUBLE = 3
FEWEST_LOSSES_TO_HALVE = 4
MOST_MISSING = 256
"""So many results, the newest, are waited for when later ones have come: with `order: free`, or enqueued ones."""


@dataclass(frozen=True)
class Width:
    """`counted`: every result below this number has been counted, but for those that were `missing` then.

    `best`: the best place since the box opened; `event`: what moved it.
    """

    share: float = 1.0
    wins: int = 0
    losses: int = 0
    counted: int = 0
    missing: tuple[int, ...] = ()
    best: Place | None = None
    event: str = ""
    is_spent: bool = False

    def to_json(self) -> dict[str, Any]:
        counters = {"share": self.share, "wins": self.wins, "losses": self.losses, "counted": self.counted}
        best = None if self.best is None else list(self.best)
        return {**counters, "missing": list(self.missing), "best": best}


def width_from_json(document: Mapping[str, Any] | None) -> Width:
    if document is None:
        return Width()
    best = document["best"]
    place = None if best is None else (int(best[0]), int(best[1]), float(best[2]))
    # A search that an earlier release began has nothing missing.
    return Width(**{**document, "best": place, "missing": tuple(document.get("missing", ()))})


def after(width: Width, results: Sequence[Result], *, dimensions: int) -> Width:
    """The width once the results that were not counted yet are, by number."""
    known = set(width.missing)
    fresh = [result for result in results if result.number >= width.counted or result.number in known]
    counted = max([width.counted, *(result.number + 1 for result in fresh)])
    missing = known.union(range(width.counted, counted)).difference(result.number for result in fresh)
    patience = max(FEWEST_LOSSES_TO_HALVE, dimensions)
    width = replace(width, counted=counted, missing=tuple(sorted(missing)[-MOST_MISSING:]), event="")
    for result in fresh:
        width = _count(width, result, patience=patience)
    return width


def _count(width: Width, result: Result, *, patience: int) -> Width:
    if result.score is not None and (width.best is None or place(result) < width.best):
        wins = width.wins + 1
        if wins < WINS_TO_DOUBLE:
            return replace(width, wins=wins, losses=0, best=place(result))
        doubled = min(1.0, 2 * width.share)
        event = f"doubled after {wins} better results in a row" if doubled > width.share else width.event
        return replace(width, share=doubled, wins=0, losses=0, best=place(result), event=event)
    losses = width.losses + 1
    if losses < patience:
        return replace(width, losses=losses, wins=0)
    is_spent = width.share <= FLOOR
    event = "" if is_spent else f"halved after {losses} results without a better one"
    return replace(width, share=max(FLOOR, width.share / 2), losses=0, wins=0, event=event, is_spent=is_spent)
