"""What every figure has: its frame, its annotations, and the empty figure that says what it waits for."""

from collections.abc import Sequence
from typing import Any

from caviar.charts.text import paragraph, plain

Figure = dict[str, Any]
"""{"data": […], "layout": {…}} as Plotly draws it."""
Trace = dict[str, Any]
_TOP = 64
"""Pixels: room for a legend of one or two lines, and for an annotation below it."""


def figure(name: str, data: Sequence[Trace], **layout: Any) -> Figure:
    """`name` keeps what a user has zoomed into while the figure is drawn anew."""
    frame = {
        "hovermode": "closest",
        "uirevision": name,
        "showlegend": False,
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "yref": "container", "y": 1, "yanchor": "top"},
        "margin": {"l": 60, "r": 20, "t": _TOP, "b": 50},
    }
    return {"data": list(data), "layout": frame | layout}


def empty(name: str, awaited: str) -> Figure:
    """No chart yet: a sentence says what is awaited."""
    note = {"text": paragraph(awaited), "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    hidden = {"visible": False}
    return figure(name, [], annotations=[note], xaxis=hidden, yaxis=hidden)


def title(text: str) -> dict[str, Any]:
    return {"text": plain(text)}


def above(text: str, *, y: float = 1.0, x: float = 0.0) -> dict[str, Any]:
    """An annotation that stands on the line y of the paper. `text` is ready for Plotly."""
    place = {"xref": "paper", "yref": "paper", "x": x, "y": y, "xanchor": "left" if x < 0.5 else "right"}
    return {"text": text, "showarrow": False, "yanchor": "bottom", "align": "left", **place}
