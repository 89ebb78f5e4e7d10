"""The running moments of batch normalisation: one flat array per group as a value, rows side by side while it trains.

Notation: K networks of a group, M moments of each; W columns of a row. A row (1, 2, W) has mu and sigma2 of a layer.
"""

from collections.abc import Sequence

import numpy as np

from trainer import averages
from trainer.architecture import Architecture
from trainer.arrays import Array, views
from trainer.averages import Average
from trainer.lanes import lanes_of

BETA = 0.9
"""How much of the average of past moments batch normalisation keeps at each step."""

Groups = Sequence[tuple[Architecture, Average]]
"""The architecture of each group, and the average of its moments, with totals (K, 1, M)."""


def side_by_side(groups: Groups) -> list[Array]:
    """Copies of all totals as rows, one for each hidden layer; none where nothing is normalised."""
    if not any(architecture.has_batch_norm for architecture, _ in groups):
        return []
    lanes = lanes_of([(architecture, len(average.total)) for architecture, average in groups])
    rows = [own.row(2, groups[0][1].total.dtype) for own in lanes]
    for place, moments in _pairs(groups, rows, [average.total for _, average in groups]):
        place[...] = moments
    return rows


def group_by_group(rows: Sequence[Array], groups: Groups, *, n_steps: int) -> list[Average]:
    """The averages after so many steps, whose totals stand in the rows."""
    totals = [np.empty_like(average.total) for _, average in groups]
    for place, moments in _pairs(groups, rows, totals):
        moments[...] = place
    return [
        Average(total, averages.coming_weights(average.weight, beta=BETA, n_steps=n_steps)[-1])
        for total, (_, average) in zip(totals, groups, strict=True)
    ]


def _pairs(groups: Groups, rows: Sequence[Array], totals: Sequence[Array]) -> list[tuple[Array, Array]]:
    """What belongs together: (a place in a row, moments of a group), both (K, 1, D), layer by layer."""
    flat = [views(total, architecture.moment_shapes) for (architecture, _), total in zip(groups, totals, strict=True)]
    lanes = lanes_of([(architecture, len(average.total)) for architecture, average in groups]) if rows else []
    pairs: list[tuple[Array, Array]] = []
    for n, (own, row) in enumerate(zip(lanes, rows, strict=True), start=1):
        here = [named for (architecture, _), named in zip(groups, flat, strict=True) if n in architecture.hidden_layers]
        for part, named in zip(own.parts(row), here, strict=True):
            kinds = [named[name] for kind in ("mu", "sigma2") if (name := f"{kind}[{n}]") in named]
            pairs += zip((part[:, :1], part[:, 1:]), kinds, strict=False)
    return pairs
