"""Curves, timeline, importances: how trials went, who ran them, and what mattered."""

from datetime import UTC, datetime, timedelta

from caviar.charts.curves import curves
from caviar.charts.importances import MOST_BARS, importances
from caviar.charts.timeline import timeline
from caviar.states import AttemptOutcome, TrialState
from caviar.wire.charts import Curve, Stint
from caviar.wire.importances import Importance, ImportancesAnswer
from tests.caviar.charts.drawing import a_spec, checked, named, notes

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def a_curve(number: int, state: TrialState, rank: int | None) -> Curve:
    return Curve(trial=f"t{number}", number=number, state=state, rank=rank, points=[(1, 3.0), (2, 2.0 + number)])


def a_stint(number: int, worker: str, start: float, end: float | None) -> Stint:
    return Stint(
        trial=f"t{number}",
        number=number,
        attempt=1,
        worker=worker,
        outcome=AttemptOutcome.RUNNING if end is None else AttemptOutcome.COMPLETED,
        started_at=NOW + timedelta(seconds=start),
        ended_at=None if end is None else NOW + timedelta(seconds=end),
    )


def test_leaders_lie_in_front_of_stopped_and_running_trials() -> None:
    completed, stopped, running = TrialState.COMPLETED, TrialState.STOPPED, TrialState.RUNNING
    found = [a_curve(0, stopped, None), a_curve(1, completed, 1), a_curve(2, running, None), a_curve(3, stopped, None)]
    figure = checked(curves(a_spec(), found))
    assert [trace["name"] for trace in figure["data"]] == ["stopped", "running", "stopped", "1: trial 1"]
    assert [trace.get("showlegend", True) for trace in figure["data"]] == [True, True, False, True]
    assert figure["data"][-1]["line"]["width"] > figure["data"][0]["line"]["width"]
    assert figure["data"][-1]["hovertext"][0] == "<b>number 1</b>, trial 1<br>step 1: loss 3"


def test_attempts_at_the_same_time_have_rows_of_their_own_and_running_ones_are_open() -> None:
    stints = [a_stint(0, "b", 0, 10), a_stint(1, "b", 5, 12), a_stint(2, "b", 10, None), a_stint(3, "a<", 0, 1)]
    figure = checked(timeline(stints, now=NOW + timedelta(seconds=30)))
    (done,), (running,) = named(figure, "completed"), named(figure, "running")
    assert dict(zip(done["customdata"], done["y"], strict=True)) == {"t3": 0, "t0": 1, "t1": 2}
    assert (running["y"], running["x"], running["base"]) == ([1], [20_000], ["2026-11-20 10:00:10.000000"])
    assert running["hovertext"] == ["trial 2<br>b<br>running for 20 s"]
    assert figure["layout"]["yaxis"]["ticktext"] == ["a&lt;", "b"]
    assert figure["data"][-1]["marker"]["symbol"] == "triangle-right"


def test_the_most_important_parameters_have_bars_the_first_on_top() -> None:
    items = [Importance(parameter=f"x{i}", importance=1 / 2 ** (i + 1), trials=40) for i in range(MOST_BARS + 5)]
    figure = checked(importances(ImportancesAnswer(items=items, seen=40, method="additive", explained=0.7, note=None)))
    (bars,) = figure["data"]
    assert len(bars["x"]) == MOST_BARS
    assert bars["text"][:2] == ["50%", "25%"]
    assert figure["layout"]["yaxis"]["autorange"] == "reversed"
    assert notes(figure) == ["of 40 results; the parameters one by one explain 70% of their differences"]


def test_what_is_too_young_says_so() -> None:
    few = ImportancesAnswer(items=[], seen=0, method="additive", explained=None, note="importances need 10 results")
    assert notes(checked(importances(few))) == ["importances need 10 results"]
    assert "report loss step by step" in notes(checked(curves(a_spec(), [])))[0].replace("<br>", " ")
    assert "a worker runs a trial" in notes(checked(timeline([], now=NOW)))[0].replace("<br>", " ")
