"""Which parameters mattered: a bar for each, the most important on top."""

from caviar.charts import style
from caviar.charts.figure import Figure, above, empty, figure
from caviar.charts.text import paragraph, plain
from caviar.wire.importances import ImportancesAnswer

MOST_BARS = 20
_BAR, _FRAME = 26, 110
"""Pixels."""


def importances(answer: ImportancesAnswer) -> Figure:
    if not answer.items:
        return empty("importances", answer.note or "Importances show as soon as there are results.")
    items = answer.items[:MOST_BARS]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [item.importance for item in items],
        "y": list(range(len(items))),
        "text": [f"{item.importance:.0%}" for item in items],
        "textposition": "auto",
        "hoverinfo": "text",
        "hovertext": [f"{plain(item.parameter)}: active in {item.trials} results" for item in items],
        "marker": {"color": style.BAR},
    }
    names = [plain(item.parameter, longest=30) for item in items]
    return figure(
        "importances",
        [bars],
        xaxis={"title": {"text": "share of what the parameters explain"}, "tickformat": ".0%", "rangemode": "tozero"},
        yaxis={"tickvals": bars["y"], "ticktext": names, "autorange": "reversed", "automargin": True},
        annotations=[above(_note(answer))],
        height=_BAR * len(items) + _FRAME,
    )


def _note(answer: ImportancesAnswer) -> str:
    if answer.note is not None or answer.explained is None:
        return paragraph(answer.note or "", width=100)
    return f"of {answer.seen} results; the parameters one by one explain {answer.explained:.0%} of their differences"
