"""The value of every trial over one parameter; the darker, the later it was drawn, so that the zoom shows here too."""

from collections.abc import Sequence

from caviar.charts import style
from caviar.charts.axes import ParameterAxis
from caviar.charts.dots import dots, keys, told
from caviar.charts.figure import Figure, empty, figure
from caviar.charts.strip import strip, strip_layout
from caviar.charts.text import plain, shown
from caviar.charts.values import outliers_note, value_axis
from caviar.spec import SearchSpec
from caviar.states import OPEN_STATES
from caviar.wire.charts import SampledTrial


def slice_(spec: SearchSpec, axis: ParameterAxis, trials: Sequence[SampledTrial], *, drawn: int) -> Figure:
    """Trials in which the parameter is not active are left out. `drawn`: how many trials the search has."""
    name = axis.name
    ended = [trial for trial in trials if trial.state not in OPEN_STATES and name in trial.hyperparameters]
    if not ended:
        return empty("slice", f"Results over {name} show as soon as there are any.")

    def hover(trial: SampledTrial) -> str:
        return told(trial, spec, f"{plain(name)} {shown(trial.hyperparameters[name])}")

    def place(trial: SampledTrial) -> tuple[float, float]:
        assert trial.value is not None
        return across(trial), trial.value

    def across(trial: SampledTrial) -> float:
        return axis.place(trial.hyperparameters[name])

    valued = [trial for trial in ended if trial.value is not None]
    others = [trial for trial in ended if trial.value is None]
    marks = dots(valued, place, colours={trial.id: float(trial.number) for trial in valued}, hover=hover)
    without = strip(spec, others, across)
    values = [trial.value for trial in valued if trial.value is not None]
    bar = {"title": {"text": "trial"}, "thickness": 10, "len": 0.5, "outlinewidth": 0}
    layout = strip_layout(axis.layout(), value_axis(spec, values), is_used=bool(others)) | {
        "annotations": outliers_note(spec, values),
        "coloraxis": {"colorscale": style.NUMBERS, "cmin": 0, "cmax": max(drawn - 1, 1), "colorbar": bar},
        "showlegend": True,
    }
    # Another parameter is another picture: what was zoomed into in the one before means nothing in it.
    return figure(f"slice {name}", [*marks, *without, *keys([*marks, *without])], **layout)
