"""A space with no more points than the budget has trials: each is run once, and no model is asked for the order."""

from service.samplers import box, confirmation
from service.samplers.grid import walk
from service.samplers.interface import Ask, Plan, Suggestion
from service.samplers.ranking import best_first


def is_due(ask: Ask) -> bool:
    """A search that began otherwise, with a smaller budget, goes on as it began: what it has run is no walk."""
    points = ask.space.points
    has_begun_so = ask.drawn == 0 or "walks" in (ask.state or {})
    return points is not None and points <= ask.budget and has_begun_so


def plan(ask: Ask) -> Plan:
    """After the last point the leaders are confirmed as far as the budget goes; then the space has no more.

    The leaders of all points, if the round that confirms them is asked for when all have finished.
    """
    points = ask.space.points
    assert points is not None
    end = ask.drawn + ask.size
    new = [Suggestion(walk(ask.space, seed=ask.seed, place=place)) for place in range(ask.drawn, min(end, points))]
    repeated = range(max(ask.drawn, points), min(end, points + confirmation.total(ask)))
    ranked = best_first(ask.results)
    again = confirmation.suggestions(ask, ranked, turns=[place - points for place in repeated])
    best = ranked[0] if ranked and ranked[0].score is not None else None
    return Plan(
        suggestions=[*new, *again],
        state={"walks": True},
        box=box.document(ask.space, box.whole(ask.space)),
        reason=f"the space has {points} points, no more than the budget: each is run once",
        best=None if best is None else best.number,
    )
