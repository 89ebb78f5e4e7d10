"""What the benchmark of the trainer found for one shape, and the tables and figures that are made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.comparing import Comparison, Measured
from bench.reporting import milliseconds, table, times, verdict

PAIRS = {
    "vs_torch": ("ours", "torch"),
    "vs_torch_fused": ("ours", "torch_fused"),
    "vs_torch_dropout": ("ours_dropout", "torch_dropout"),
    "vs_sklearn": ("ours_plain", "sklearn"),
    "vs_jax": ("ours", "jax"),
}
"""Name of a figure -> the two sides it compares."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One shape: K, all comparisons by the name of their figure, and the seconds per network of bare products."""

    name: str
    networks: str
    must: float
    goal: float
    comparisons: Mapping[str, Comparison]
    products: Sequence[float]

    @property
    def ours(self) -> Measured:
        return self.comparisons["vs_torch"].ours

    @property
    def share(self) -> float:
        """Of our time, what the bare products take: 1 is the limit."""
        return median(bare / whole for bare, whole in zip(self.products, self.ours.seconds, strict=True))


def speed_table(rows: Sequence[Row]) -> str:
    """Our own figures against the first peer and against the limit."""
    headings = ["network/batch", "K", "ours ms", "products ms", "share", "to limit", "vs torch", "verdict"]
    return table(headings, [_speed(row) for row in rows])


def _speed(row: Row) -> list[str]:
    figure = row.comparisons["vs_torch"].figure
    return [
        row.name,
        row.networks,
        milliseconds(row.ours.typical),
        milliseconds(median(row.products)),
        f"{row.share:.0%}",
        times(1 / row.share),
        times(figure),
        verdict(figure, must=row.must, goal=row.goal),
    ]


def peer_table(rows: Sequence[Row]) -> str:
    """Every comparison, with what makes it fair."""
    headings = ["network/batch", "figure", "ours ms", "peer ms", "ratio", "middle half", "our acc", "peer acc"]
    return table(headings, [_peer(row.name, figure, pair) for row in rows for figure, pair in row.comparisons.items()])


def _peer(name: str, figure: str, pair: Comparison) -> list[str]:
    low, high = pair.middle_half
    return [
        name,
        figure,
        milliseconds(pair.ours.typical),
        milliseconds(pair.peer.typical),
        times(pair.figure),
        f"{low:.2f}-{high:.2f}" if pair.is_fair else "learned otherwise",
        f"{pair.ours.accuracy:.4f}",
        f"{pair.peer.accuracy:.4f}",
    ]


def figures(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """For the last line: every figure by shape, and vs_limit, the share of the bare products."""
    found: dict[str, dict[str, Any]] = {"vs_torch": {}, "vs_limit": {row.name: row.share for row in rows}}
    for row in rows:
        for figure, pair in row.comparisons.items():
            found.setdefault(figure, {})[row.name] = pair.figure
    return found
