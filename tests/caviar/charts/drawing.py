"""What tests of the charts draw: specs, trials and rounds as the wire gives them; every figure is checked by Plotly."""

from typing import Any

import plotly.graph_objects as go

from caviar.charts.figure import Figure
from caviar.spec import SearchSpec
from caviar.states import Origin, TrialState
from caviar.wire.charts import MeasuredTrial
from caviar.wire.searches import Round

SPACE: dict[str, Any] = {
    "rate": {"low": 1e-4, "high": 1.0, "scale": "log"},
    "beta": {"low": 0.9, "high": 0.999, "scale": "reverse_log"},
    "layers": {"low": 1, "high": 4, "type": "int"},
    "kind": {"values": ["plain", "<b>", "a&b"], "ordered": False},
    "deep": {"low": 0.0, "high": 1.0, "when": {"layers": [3, 4]}},
    "same": {"values": [7]},
    "epochs": 5,
}
PLAIN = {"rate": 0.01, "beta": 0.99, "layers": 2, "kind": "plain"}


def a_spec(**fields: Any) -> SearchSpec:
    plain = {"trainer": "toy", "metric": "loss", "goal": "minimize", "space": SPACE}
    return SearchSpec.model_validate(plain | fields)


def a_trial(number: int, value: float | None = None, state: str = "completed", **fields: Any) -> MeasuredTrial:
    hparams = PLAIN | fields.pop("hparams", {})
    plain = {"id": f"t{number}", "round": number // 4, "origin": Origin.SAMPLED, "diverged": False, "metrics": {}}
    return MeasuredTrial.model_validate(
        plain | {"number": number, "value": value, "state": TrialState(state), "hyperparameters": hparams} | fields
    )


def a_round(number: int, *, size: int = 4, reason: str = "the whole space", **box: Any) -> Round:
    whole = {
        "rate": {"low": 1e-4, "high": 1.0},
        "beta": {"low": 0.9, "high": 0.999},
        "layers": {"low": 1, "high": 4},
        "kind": {"values": ["plain", "<b>", "a&b"]},
        "deep": {"low": 0.0, "high": 1.0},
    }
    return Round(round=number, first=number * size, size=size, seen=0, reason=reason, best=None, box=whole | box)


def checked(figure: Figure) -> Figure:
    """Plotly raises ValueError for an attribute or a value that it does not know."""
    go.Figure(figure)
    return figure


def named(figure: Figure, name: str) -> list[dict[str, Any]]:
    """The traces of this name that show something."""
    return [trace for trace in figure["data"] if trace.get("name") == name and trace["x"] != [None]]


def notes(figure: Figure) -> list[str]:
    return [note["text"] for note in figure["layout"].get("annotations", [])]
