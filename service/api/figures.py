"""Charts of a stored search: what each is made of, read with a limit, and handed to caviar.charts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite

from caviar.charts.axes import ParameterAxis, varying_axes
from caviar.charts.bias_variance import bias_variance
from caviar.charts.contour import contour
from caviar.charts.curves import curves
from caviar.charts.figure import Figure, empty
from caviar.charts.history import history
from caviar.charts.importances import importances as importances_chart
from caviar.charts.slice_ import slice_
from caviar.charts.timeline import timeline
from caviar.charts.zoom import MOST_PANELS, zoom
from caviar.errors import InvalidRequest
from caviar.spec import SearchSpec
from caviar.spelling import did_you_mean
from caviar.states import TrialState
from caviar.wire.charts import Curve, SampledTrial
from caviar.wire.importances import ImportancesAnswer
from service.api import importances, present
from service.storage import courses, views
from service.storage.database import Transaction
from service.storage.records import SearchRecord
from service.storage.views import SampledRecord
from service.surface import surface

MOST_IN_PANEL, LEADERS_IN_PANEL = 400, 50
"""Dots where there are several panels, or something below them: a browser draws each as a shape of its own."""

RESULTS_TO_ORDER_BY = 500
MOST_RUNNING, MOST_STOPPED = 20, 40
"""Curves behind the leaders'."""
_NOTHING_VARIES = "No parameter of this space varies, so there is nothing to compare."


@dataclass(frozen=True)
class Query:
    """What was asked for beside the chart's name."""

    parameters: tuple[str, ...] = ()
    x: str | None = None
    y: str | None = None
    top: int = 10


@dataclass(frozen=True)
class View:
    """A search while one of its charts is drawn, in one transaction."""

    tx: Transaction
    search: SearchRecord
    now: datetime
    query: Query = field(default_factory=Query)

    @property
    def spec(self) -> SearchSpec:
        return self.search.definition.parsed

    def axis(self, name: str) -> ParameterAxis:
        """Raises InvalidRequest for a parameter that does not vary."""
        axes = varying_axes(self.spec)
        if name not in axes:
            raise InvalidRequest(f"{name!r} is no parameter that varies in this search; {did_you_mean(name, axes)}")
        return axes[name]

    def by_importance(self) -> list[str]:
        """The parameters that vary, the most important first; as in the space while little is known."""
        names = list(varying_axes(self.spec))
        if len(names) < 2:
            return names
        found = {item.parameter: item.importance for item in self.importances(RESULTS_TO_ORDER_BY).items}
        return sorted(names, key=lambda name: -found.get(name, 0.0))

    def importances(self, most: int) -> ImportancesAnswer:
        return importances.answer(self.tx, self.search, most=most)

    def sample(self) -> list[SampledTrial]:
        return present.sample(views.sampled(self.tx, self.search), self.spec)

    def small_sample(self) -> list[SampledTrial]:
        found = views.sampled(self.tx, self.search, most=MOST_IN_PANEL, leaders=LEADERS_IN_PANEL)
        return present.sample(found, self.spec)


def _zoom(view: View) -> Figure:
    names = [view.axis(name).name for name in view.query.parameters[:MOST_PANELS]] or view.by_importance()
    rounds = [present.round_(record, goal=view.search.goal) for record in views.rounds(view.tx, view.search)]
    return zoom(view.spec, rounds, view.small_sample(), drawn=view.search.next_number, parameters=names)


def _history(view: View) -> Figure:
    return history(view.spec, view.sample(), drawn=view.search.next_number)


def _slice(view: View) -> Figure:
    name = next(iter(view.query.parameters or view.by_importance()), None)
    if name is None:
        return empty("slice", _NOTHING_VARIES)
    return slice_(view.spec, view.axis(name), view.sample(), drawn=view.search.next_number)


def _contour(view: View) -> Figure:
    """Of the two that are asked for; where one is not, of the most important other."""
    x, y = view.query.x, view.query.y
    others = [name for name in view.by_importance() if name not in (x, y)] if x is None or y is None else []
    x = others.pop(0) if x is None and others else x
    y = others.pop(0) if y is None and others else y
    if x is None or y is None:
        return empty("contour", "Fewer than two parameters of this space vary, so there is no plane to show.")
    if x == y:
        raise InvalidRequest(f"x and y are both {x!r}; name two parameters")
    across, up = view.axis(x), view.axis(y)
    found = surface({x: across.parameter, y: up.parameter}, view.sample(), goal=view.search.goal)
    return contour(view.spec, across, up, view.small_sample(), found)


def _importances(view: View) -> Figure:
    return importances_chart(view.importances(importances.MOST_RESULTS))


def _curves(view: View) -> Figure:
    tx, search = view.tx, view.search
    leaders = views.leaders(tx, search.id, most=view.query.top)
    stopped = [t for t in views.sampled(tx, search, most=MOST_IN_PANEL, leaders=0) if t.state is TrialState.STOPPED]
    behind = {
        trial.id: trial for trial in views.among(tx, search.id, courses.running(tx, search.id, most=MOST_RUNNING))
    }
    behind |= {trial.id: trial for trial in stopped[:: max(1, -(-len(stopped) // MOST_STOPPED))]}
    ranked = {trial.id: (rank, trial) for rank, trial in enumerate(leaders, start=1)}
    chosen = {id_: (None, trial) for id_, trial in behind.items()} | ranked
    return curves(view.spec, [_curve(view, trial, rank) for rank, trial in chosen.values()])


def _curve(view: View, trial: SampledRecord, rank: int | None) -> Curve:
    points = [(step, value) for step, value in courses.curve(view.tx, trial.id, view.search.metric) if isfinite(value)]
    return Curve(trial=str(trial.id), number=trial.number, state=trial.state, rank=rank, points=points)


def _timeline(view: View) -> Figure:
    return timeline([present.stint(record) for record in courses.stints(view.tx, view.search.id)], now=view.now)


def _bias_variance(view: View) -> Figure:
    return bias_variance(view.spec, present.measured(views.sampled(view.tx, view.search), view.spec))


def _results(view: View) -> str:
    """What changes when a trial has ended, and at no other time."""
    counts = view.search.counts
    return f"{view.search.ranking}-{counts[TrialState.FAILED]}-{counts[TrialState.CANCELLED]}"


def _draws(view: View) -> str:
    """What changes when a trial is drawn or has ended."""
    return f"{_results(view)}-{view.search.next_number}-{view.search.next_round}"


@dataclass(frozen=True)
class Chart:
    """`version`: a text that changes whenever the figure may have changed."""

    draw: Callable[[View], Figure]
    version: Callable[[View], str]


def _changes(view: View) -> str:
    return str(view.search.changes)


def _changes_and_time(view: View) -> str:
    """What runs grows longer every second."""
    is_running = view.search.counts[TrialState.RUNNING] > 0
    return f"{view.search.changes}-{int(view.now.timestamp()) if is_running else 0}"


CHARTS = {
    "zoom": Chart(_zoom, _draws),
    "history": Chart(_history, _draws),
    "slice": Chart(_slice, _draws),
    "contour": Chart(_contour, _draws),
    "importances": Chart(_importances, _results),
    "curves": Chart(_curves, _changes),
    "timeline": Chart(_timeline, _changes_and_time),
    "bias_variance": Chart(_bias_variance, _results),
}
