"""Two parameters: the trials as dots, over what a model of their values makes of the plane between them."""

from collections.abc import Sequence

from caviar.charts import style
from caviar.charts.axes import ParameterAxis
from caviar.charts.dots import dots, grow_best, keys, shade_axis, shades, told
from caviar.charts.figure import Figure, Trace, above, empty, figure
from caviar.charts.text import number, plain, shown
from caviar.spec import SearchSpec
from caviar.states import TrialState
from caviar.wire.charts import SampledTrial, Surface


def contour(
    spec: SearchSpec, x: ParameterAxis, y: ParameterAxis, trials: Sequence[SampledTrial], surface: Surface | None
) -> Figure:
    """Trials in which one of the two is not active are left out. Without a surface, the dots alone."""
    both = [trial for trial in trials if x.name in trial.hyperparameters and y.name in trial.hyperparameters]
    if not both:
        return empty("contour", f"Trials over {x.name} and {y.name} show as soon as there are any.")

    def place(trial: SampledTrial) -> tuple[float, float]:
        return x.place(trial.hyperparameters[x.name]), y.place(trial.hyperparameters[y.name])

    def hover(trial: SampledTrial) -> str:
        own = (f"{plain(axis.name)} {shown(trial.hyperparameters[axis.name])}" for axis in (x, y))
        return told(trial, spec, *own)

    marks = dots(both, place, colours=shades(both, goal=spec.goal), hover=hover)
    grow_best(marks)
    for trace in marks:
        if trace["name"] == TrialState.COMPLETED.value:
            trace["marker"]["line"] = {"color": style.OUTLINE, "width": 1}
    below = [] if surface is None else [_surface(spec, x, y, surface)]
    return figure(
        f"contour {x.name} {y.name}",
        [*below, *marks, *keys(marks)],
        xaxis=x.layout(),
        yaxis=y.layout(),
        annotations=[above(_note(spec, surface), x=1.0)],
        coloraxis=shade_axis() | {"showscale": surface is None},
        showlegend=True,
    )


def _surface(spec: SearchSpec, x: ParameterAxis, y: ParameterAxis, surface: Surface) -> Trace:
    """Lines of equal value; fields where a choice has no values between its own."""
    name = plain(spec.metric)
    is_smooth = x.is_continuous and y.is_continuous
    head = {"type": "contour", "line": {"width": 0.5}, "connectgaps": False} if is_smooth else {"type": "heatmap"}
    bar = {"title": {"text": name}, "thickness": 10, "len": 0.5, "outlinewidth": 0}
    return head | {
        "x": [x.place(value) for value in surface.x],
        "y": [y.place(value) for value in surface.y],
        "z": surface.z,
        "colorscale": style.SURFACE,
        "reversescale": spec.goal == "minimize",
        "opacity": 0.7,
        "colorbar": bar,
        "hoverinfo": "text",
        "hovertext": _hover(name, x, y, surface),
    }


def _hover(name: str, x: ParameterAxis, y: ParameterAxis, surface: Surface) -> list[list[str]]:
    return [
        [
            ""
            if value is None
            else f"about {number(value)} {name}<br>{plain(x.name)} {shown(across)}<br>{plain(y.name)} {shown(up)}"
            for across, value in zip(surface.x, row, strict=True)
        ]
        for up, row in zip(surface.y, surface.z, strict=True)
    ]


def _note(spec: SearchSpec, surface: Surface | None) -> str:
    if surface is None:
        return "too few results for a surface"
    return f"surface: a Gaussian process of {surface.seen} results in these two alone; blank where it knows nothing"
