"""Charts of a stored search: what each is made of, read with a limit, and handed to caviar.charts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from caviar.charts.axes import ParameterAxis, varying_axes
from caviar.charts.figure import Figure
from caviar.charts.history import history
from caviar.charts.zoom import MOST_PANELS, zoom
from caviar.errors import InvalidRequest
from caviar.spec import SearchSpec
from caviar.spelling import did_you_mean
from caviar.states import TrialState
from service.api import present
from service.storage import views
from service.storage.database import Transaction
from service.storage.records import SearchRecord

MOST_IN_PANEL = 500
"""Dots of one panel where there are several: a browser draws each of them as a shape of its own."""


@dataclass(frozen=True)
class Query:
    """What was asked for beside the chart's name."""

    parameters: Sequence[str] = ()
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


def _zoom(view: View) -> Figure:
    names = [view.axis(name).name for name in view.query.parameters[:MOST_PANELS]]
    rounds = [present.round_(record, goal=view.search.goal) for record in views.rounds(view.tx, view.search)]
    found = views.sampled(view.tx, view.search, most=MOST_IN_PANEL)
    trials = present.sample(found, view.spec)
    return zoom(view.spec, rounds, trials, drawn=view.search.next_number, parameters=names or None)


def _history(view: View) -> Figure:
    trials = present.sample(views.sampled(view.tx, view.search), view.spec)
    return history(view.spec, trials, drawn=view.search.next_number)


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


CHARTS = {
    "zoom": Chart(_zoom, _draws),
    "history": Chart(_history, _draws),
}
