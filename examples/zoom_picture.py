"""Draws the zoom of a search as SVG: for each parameter, on its own scale, the boxes of the rounds and the trials.

    python examples/zoom_picture.py http://127.0.0.1:8000 1 > zoom.svg

Everything comes from three calls: the search, its rounds, its trials. The darker a dot, the better its trial.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

from caviar import Client
from caviar.parameters import Range, Varying
from caviar.spec import SearchSpec
from caviar.wire.searches import Round
from caviar.wire.trials import TrialAnswer

WIDTH, LEFT, RIGHT, PANEL, GAP, TOP = 760, 130, 20, 90, 26, 20


def main(url: str, search: str) -> None:
    with Client(url) as client:
        spec = SearchSpec.model_validate(client.search(search).spec)
        rounds = list(_all(partial(client.rounds, search)))
        trials = list(_all(partial(client.trials, search)))
    sys.stdout.write("\n".join(_picture(spec, rounds, trials)) + "\n")


def _all(page_after: Callable[..., Any]) -> Iterator[Any]:
    """The items of every page."""
    page = page_after()
    yield from page.items
    while page.next is not None:
        page = page_after(after=page.next)
        yield from page.items


def _picture(spec: SearchSpec, rounds: list[Round], trials: list[TrialAnswer]) -> Iterator[str]:
    varying = spec.domain.varying
    height = TOP + len(varying) * (PANEL + GAP)
    shades = _shades(trials, is_lower_better=spec.goal == "minimize")
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
    yield '     font-family="sans-serif" font-size="11">'
    yield f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    for row, (name, parameter) in enumerate(varying.items()):
        top = TOP + row * (PANEL + GAP)
        yield from _axis(name, parameter, top)
        for round_ in rounds:
            yield from _box(round_, name, parameter, top, across=len(trials))
        for trial in trials:
            if name in trial.hyperparameters:
                x = _x(trial.number + 0.5, across=len(trials))
                y = _y(sum(parameter.cell(trial.hyperparameters[name])) / 2, top)
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{shades.get(trial.number, "#ddd")}"/>'
    yield "</svg>"


def _axis(name: str, parameter: Varying, top: int) -> Iterator[str]:
    low, high = parameter.value_at(0.0), parameter.value_at(1.0)
    yield f'<text x="{LEFT - 8}" y="{top + PANEL / 2}" text-anchor="end" font-weight="bold">{escape(name)}</text>'
    yield f'<text x="{LEFT - 8}" y="{top + PANEL}" text-anchor="end" fill="#666">{escape(f"{low}")}</text>'
    yield f'<text x="{LEFT - 8}" y="{top + 9}" text-anchor="end" fill="#666">{escape(f"{high}")}</text>'
    yield f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{PANEL}" fill="none" stroke="#bbb"/>'


def _box(round_: Round, name: str, parameter: Varying, top: int, *, across: int) -> Iterator[str]:
    """The side of a round's box, as wide as the round's trials; the reason shows where a pointer rests."""
    side = round_.box[name]
    if isinstance(parameter, Range):
        cells = [(parameter.cell(side["low"])[0], parameter.cell(side["high"])[1])]
    else:
        cells = [parameter.cell(value) for value in side["values"]]
    left, right = _x(round_.first, across=across), _x(round_.first + round_.size, across=across)
    for start, end in cells:
        yield (
            f'<rect x="{left:.1f}" y="{_y(end, top):.1f}" width="{right - left:.1f}" '
            f'height="{_y(start, top) - _y(end, top):.1f}" fill="#f4a261" fill-opacity="0.35">'
            f"<title>{escape(round_.reason)}</title></rect>"
        )


def _x(number: float, *, across: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * number / max(across, 1)


def _y(position: float, top: int) -> float:
    return top + PANEL * (1 - position)


def _shades(trials: list[TrialAnswer], *, is_lower_better: bool) -> dict[int, str]:
    """By number: from light, the worst, to dark."""
    valued = [trial for trial in trials if trial.value is not None and not trial.diverged]
    ranked = sorted(valued, key=lambda trial: trial.value or 0.0, reverse=is_lower_better)
    return {trial.number: f"hsl(210 60% {85 - 65 * i / len(ranked):.0f}%)" for i, trial in enumerate(ranked)}


if __name__ == "__main__":
    main(*sys.argv[1:])
