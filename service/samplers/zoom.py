"""The zoom: sample at random on the right scale, take the best, look closer where they lie, repeat.

A search begins with points spread over the whole space. From then on each round puts a box around one of the best
trials, draws a few hundred random points, most of them in the box and the others anywhere, and runs those from which a
Gaussian process of what has finished expects most. The box narrows while nothing gets better (width.py). With
`screen: false` the round runs random points of the box and asks no model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, log

import numpy as np

from caviar.space import Hyperparameters
from service.samplers import box, confirmation, exhaustion, novelty, opening
from service.samplers.candidates import anywhere, around, box_of, sides_around
from service.samplers.cube import Array, Cube
from service.samplers.gaussian_process import fit_from_json
from service.samplers.hints import hints
from service.samplers.interface import Ask, Plan, Result, Suggestion
from service.samplers.ranking import best_first
from service.samplers.screening import Screen
from service.samplers.streams import Purpose, uniform_array
from service.samplers.width import Width, after, width_from_json

CANDIDATES = 300
PER_TRIAL = 8
"""At least so many candidates for each trial of the round."""
OUTSIDE = 0.3
"""The share of the candidates that come from the whole cube."""
BEST_SHARE = 0.15
FEWEST_BEST = 3
NEXT_RANK = 0.5
"""The centre is the best result with this chance, else the next with this chance, and so on."""
MOST_SCREENED = 64
"""A round of more trials is drawn without a model: with so much at once, breadth is what counts."""
MOST_MODELLED = 100
"""With more parameters no model is asked: its time grows with them, and a few hundred results would tell it little."""
MOST_FEATURES = 256
"""The same of the features of a point, of which an unordered choice has one for each value."""
MOST_PENDING = 128
"""So many of the points without a result, the newest, lower the model's uncertainty around them."""
MOST_WIDENED = 16.0
"""So many times as wide as for the parameter that matters most is the box for any other."""
CLOSED_RADIUS = 0.1
"""How far from the centre of a closed box a new one has to be, in a parameter at least."""


class ZoomSampler:
    def plan(self, ask: Ask) -> Plan:
        """Results count by their numbers, in whatever order they come."""
        ask = replace(ask, results=sorted(ask.results, key=lambda result: result.number))
        if not ask.space.varying:
            return _nothing_varies(ask)
        if exhaustion.is_due(ask):
            return exhaustion.plan(ask)
        cube = Cube(ask.space)
        begun = opening.suggestions(ask, cube)
        if len(begun) == ask.size:
            everywhere = box.document(ask.space, box.whole(ask.space))
            return Plan(begun, dict(ask.state or {}), everywhere, opening.REASON, best=_best(ask.results))
        return _Zoom(ask, cube, begun).plan()


def _nothing_varies(ask: Ask) -> Plan:
    same = [Suggestion(ask.space.assemble(lambda name, parameter: None)) for _ in range(ask.size)]
    return Plan(same, {}, {}, "nothing varies: every trial has the same hyperparameters and a seed of its own")


def _best(results: Sequence[Result]) -> int | None:
    best = best_first(results)[:1]
    return best[0].number if best and best[0].score is not None else None


class _Zoom:
    """One round, once there are results to zoom into. Rows of `positions` (N, P) are in the order of the results."""

    def __init__(self, ask: Ask, cube: Cube, begun: Sequence[Suggestion]) -> None:
        self.ask, self.cube, self.begun = ask, cube, begun
        self.state = ask.state or {}
        self.positions = cube.positions([result.hyperparameters for result in ask.results])
        rows = {result.number: row for row, result in enumerate(ask.results)}
        self.ranked = [rows[result.number] for result in best_first(ask.results) if result.score is not None]
        self.closed = [number for number in self.state.get("closed", ()) if number in rows]
        known = width_from_json(self.state.get("width"))
        self.width = after(known, ask.results, dimensions=cube.dimensions)
        if self.width.is_spent:
            best = ask.results[self._open()[0]].number
            if best not in self.closed:  # as it is once all is closed: then it begins anew with the best
                self.closed.append(best)
            event = "opened elsewhere, the one before was at its floor"
            self.width = Width(counted=self.width.counted, missing=self.width.missing, event=event)
        self.centre = self._choose_centre()
        self.fit = fit_from_json(self.state.get("fit"), dimensions=cube.dimensions)
        self.sides = sides_around(cube, self.positions[self.centre], self._shares())

    def _open(self) -> list[int]:
        """Rows with a value, the best first, that lie in no closed box; all of them where none does."""
        rows = {result.number: row for row, result in enumerate(self.ask.results)}
        closed = self.positions[[rows[number] for number in self.closed]]
        reach = np.abs(self.positions[:, None] - closed[None]).max(axis=2, initial=0.0) <= CLOSED_RADIUS
        is_closed = reach.any(axis=1)
        return [row for row in self.ranked if not is_closed[row]] or self.ranked

    def _shares(self) -> Array:
        """The box's width for each parameter, (P,): the width for the one that matters most, more where less matters.

        A length scale says how far a parameter has to move to change the outcome.
        """
        relative = self.fit.scales / self.fit.scales.min()
        return np.asarray(np.minimum(self.width.share * np.minimum(relative, MOST_WIDENED), 1.0))

    def _choose_centre(self) -> int:
        """The row of one of the best, the better the likelier."""
        pool = self._open()
        pool = pool[: max(FEWEST_BEST, ceil(BEST_SHARE * len(self.ask.results)))]
        u = uniform_array(1, seed=self.ask.seed, number=self.ask.first, purpose=Purpose.CENTRES)[0]
        return pool[min(int(log(1.0 - u) / log(1.0 - NEXT_RANK)), len(pool) - 1)]

    def plan(self) -> Plan:
        ask = self.ask
        is_small = self.cube.dimensions <= MOST_MODELLED and len(self.cube.owners) <= MOST_FEATURES
        can_screen = ask.size <= MOST_SCREENED and is_small
        screen = self._screen() if ask.spec.screens and can_screen else None
        turns = confirmation.turns(ask)[-(ask.size - len(self.begun)) :]
        again = confirmation.suggestions(ask, self._leaders(screen), turns=turns) if turns else []
        count = ask.size - len(self.begun) - len(again)
        known = novelty.known(replace(ask, pending=self._waiting))
        new = novelty.fresh(ask, self._candidates(screen, count), count, known=known)
        suggestions = [*self.begun, *map(Suggestion, new), *again]
        fit = screen.fit.to_json() if screen else self.state.get("fit")
        return Plan(
            suggestions=suggestions,
            state={"width": self.width.to_json(), "closed": self.closed, "fit": fit},
            box=box.document(ask.space, box_of(self.cube, self.sides)),
            reason=self._reason(),
            best=ask.results[self.ranked[0]].number,
            hints=hints(self.cube, self.positions[self.ranked], seen=ask.seen),
        )

    @property
    def _waiting(self) -> list[Hyperparameters]:
        """Points whose results are not known: of earlier rounds and of this one's beginning."""
        return [*self.ask.pending, *(suggestion.hyperparameters for suggestion in self.begun)]

    def _screen(self) -> Screen:
        pending = self.cube.positions(self._waiting[-MOST_PENDING:])
        return Screen(self.cube, self.ask.results, self.positions, pending=pending, fit=self.fit)

    def _candidates(self, screen: Screen | None, count: int) -> Iterator[Hyperparameters]:
        """Those that the model chose, then random points of the box."""
        total = max(CANDIDATES, PER_TRIAL * count)
        if screen is not None:
            outside = round(OUTSIDE * total)
            drawn = np.concatenate([self._anywhere(outside), self._around(total - outside)])
            yield from map(self.cube.hyperparameters, drawn[screen.pick(drawn, count)])
        yield from map(self.cube.hyperparameters, self._around(total))

    def _anywhere(self, count: int) -> Array:
        return anywhere(self.cube, count, seed=self.ask.seed, number=self.ask.first)

    def _around(self, count: int) -> Array:
        centre = self.positions[self.centre]
        return around(self.cube, centre, self.sides, count, seed=self.ask.seed, number=self.ask.first)

    def _leaders(self, screen: Screen | None) -> list[Result]:
        """Results, the best first: by what the model makes of them where there is one, else by score."""
        results = self.ask.results
        if screen is None:
            return [results[row] for row in self.ranked]
        means = screen.means()
        return [results[row] for row in sorted(self.ranked, key=lambda row: (means[row], results[row].number))]

    def _reason(self) -> str:
        rank = self.ranked.index(self.centre) + 1
        place = "the best" if rank == 1 else f"number {rank}"
        number = self.ask.results[self.centre].number
        moved = f"; {self.width.event}" if self.width.event else ""
        return f"{self.width.share:.0%} of a range around trial {number}, {place} of {self.ask.seen} results{moved}"
