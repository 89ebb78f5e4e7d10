"""Who ran what and when: a row for each attempt that a worker ran at the same time, running ones open at their end."""

from collections.abc import Sequence
from datetime import UTC, datetime

from caviar.charts import style
from caviar.charts.figure import Figure, Trace, empty, figure
from caviar.charts.text import plain
from caviar.states import AttemptOutcome
from caviar.wire.charts import Stint

_ROW, _FRAME = 16, 110
"""Pixels."""
_LEAST_HEIGHT = 200


def timeline(stints: Sequence[Stint], *, now: datetime) -> Figure:
    if not stints:
        return empty("timeline", "Bars show as soon as a worker runs a trial.")
    rows, labels = _packed(stints, now=now)
    data = [
        _bars(outcome, [stint for stint in stints if stint.outcome is outcome], rows, now=now)
        for outcome in AttemptOutcome
        if any(stint.outcome is outcome for stint in stints)
    ]
    count = 1 + max(rows.values())
    yaxis = {
        "tickvals": [at for at, _ in labels],
        "ticktext": [plain(name, longest=30) for _, name in labels],
        "range": [count - 0.5, -0.5],
        "automargin": True,
        "zeroline": False,
        "showgrid": False,
    }
    return figure(
        "timeline",
        [*data, *_open_ends(stints, rows, now=now)],
        xaxis={"type": "date", "title": {"text": "time (UTC)"}},
        yaxis=yaxis,
        barmode="overlay",
        bargap=0.2,
        showlegend=True,
        height=max(_ROW * count + _FRAME, _LEAST_HEIGHT),
    )


def _packed(stints: Sequence[Stint], *, now: datetime) -> tuple[dict[tuple[str, int], int], list[tuple[float, str]]]:
    """The row of each attempt, worker by worker, such that none overlaps another; and the middle of each worker's."""
    rows: dict[tuple[str, int], int] = {}
    labels: list[tuple[float, str]] = []
    first = 0
    for name in sorted({stint.worker for stint in stints}):
        ends: list[datetime] = []
        for stint in sorted((s for s in stints if s.worker == name), key=lambda s: (s.started_at, s.number)):
            free = next((row for row, end in enumerate(ends) if end <= stint.started_at), len(ends))
            ends[free : free + 1] = [stint.ended_at or now]
            rows[stint.trial, stint.attempt] = first + free
        labels.append((first + (len(ends) - 1) / 2, name))
        first += len(ends)
    return rows, labels


def _bars(
    outcome: AttemptOutcome, stints: Sequence[Stint], rows: dict[tuple[str, int], int], *, now: datetime
) -> Trace:
    return {
        "type": "bar",
        "orientation": "h",
        "name": outcome.value,
        "y": [rows[stint.trial, stint.attempt] for stint in stints],
        "base": [_moment(stint.started_at) for stint in stints],
        "x": [_seconds(stint, now) * 1000 for stint in stints],
        "customdata": [stint.trial for stint in stints],
        "hoverinfo": "text",
        "hovertext": [_told(stint, now) for stint in stints],
        "textposition": "none",
        "marker": {"color": style.OUTCOMES[outcome.value]},
    }


def _open_ends(stints: Sequence[Stint], rows: dict[tuple[str, int], int], *, now: datetime) -> list[Trace]:
    """An arrow where an attempt goes on."""
    running = [stint for stint in stints if stint.ended_at is None]
    if not running:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [_moment(max(now, stint.started_at)) for stint in running],
            "y": [rows[stint.trial, stint.attempt] for stint in running],
            "marker": {"symbol": "triangle-right", "size": 10, "color": style.OUTCOMES["running"]},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def _told(stint: Stint, now: datetime) -> str:
    again = "" if stint.attempt == 1 else f", attempt {stint.attempt}"
    state = "running for" if stint.ended_at is None else f"{stint.outcome.value} after"
    return f"trial {stint.number}{again}<br>{plain(stint.worker)}<br>{state} {_seconds(stint, now):.3g} s"


def _seconds(stint: Stint, now: datetime) -> float:
    """Not below 0 where the clock was set back."""
    return max(((stint.ended_at or now) - stint.started_at).total_seconds(), 0.0)


def _moment(at: datetime) -> str:
    """Plotly shows a time as it is written and knows no zones."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
