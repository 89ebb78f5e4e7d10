"""A search's charts as Plotly figures: `search.plot.history()`. They are those of the dashboard; docs/charts.md."""

import importlib
from typing import Any

from caviar.calls import Calls
from caviar.errors import UsageError


class Plots:
    """Each gives a plotly.graph_objects.Figure of the search as it stands; UsageError where Plotly is missing."""

    def __init__(self, calls: Calls, search: str) -> None:
        self._calls, self._search = calls, search

    def zoom(self, *parameters: str) -> Any:
        """The boxes narrowing round by round over the trials; of the most important parameters, or of those named."""
        return self._figure("zoom", parameter=list(parameters))

    def history(self) -> Any:
        """The value of each trial, and the best so far."""
        return self._figure("history")

    def slice(self, *parameters: str) -> Any:
        """The value over each parameter, on its own scale."""
        return self._figure("slice", parameter=list(parameters))

    def contour(self, x: str | None = None, y: str | None = None) -> Any:
        """The value over two parameters; of the two most important, where they are not named."""
        return self._figure("contour", x=x, y=y)

    def importances(self) -> Any:
        """Which parameters mattered."""
        return self._figure("importances")

    def curves(self, *, top: int = 10) -> Any:
        """Learning curves of the best, over those that were stopped."""
        return self._figure("curves", top=top)

    def timeline(self) -> Any:
        """Which worker ran which trial, and when."""
        return self._figure("timeline")

    def bias_variance(self) -> Any:
        """Error on the training set against error on the dev set."""
        return self._figure("bias_variance")

    def _figure(self, chart: str, **query: Any) -> Any:
        try:
            plotly = importlib.import_module("plotly.graph_objects")
        except ImportError as error:
            raise UsageError("charts need Plotly, which is not installed: pip install plotly") from error
        return plotly.Figure(self._calls.chart(self._search, chart, **query))
