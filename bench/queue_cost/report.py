"""The queue's figures, as tables for people and as parts of the last line, each beside what it must reach."""

from typing import Any

from bench.queue_cost.flat import VERBS, Flatness
from bench.queue_cost.heartbeats import Heartbeats
from bench.queue_cost.throughput import BATCH, CAVIAR, CLIENT, CLIENTS, OPTUNA, WAYS, Rates
from bench.reporting import at_most, milliseconds, table, times, verdict

MUST = {"one": 5.0, "batch": 80.0}
GOAL = {"one": 8.0, "batch": 200.0}
"""Our trials per second / Optuna's."""
EIGHT_MUST = 1.0
"""What eight clients get done together / what one does."""
FLAT_MUST = 1.25
MEMORY_MUST = 1.3
_TOLD = {
    "one": "1 client, one by one",
    "batch": f"1 client, {BATCH} at a time",
    "eight": f"{CLIENTS} clients, one by one",
}


def rates_table(found: Rates) -> str:
    headings = ["trials per second", "caviar", "by caviar.client", "optuna", "ratio", "verdict"]
    return table(headings, [_rates_row(found, way) for way in WAYS])


def _rates_row(found: Rates, way: str) -> list[str]:
    rates = [_rate(found.typical(way, side)) for side in (CAVIAR, CLIENT, OPTUNA)]
    return [_TOLD[way], *rates, times(found.ratio(way)), _rates_verdict(found, way)]


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:,.1f}"


def _rates_verdict(found: Rates, way: str) -> str:
    if way in MUST:
        return verdict(found.ratio(way), must=MUST[way], goal=GOAL[way])
    shared = found.eight_to_one()
    return f"{times(shared)} of one client, {verdict(shared, must=EIGHT_MUST)}"


def rates_figures(found: Rates) -> dict[str, Any]:
    """Trials per second, medians over the rounds; `ratio` is the median of the rounds' ratios."""
    figures: dict[str, Any] = {
        way: {
            **{side: found.typical(way, side) for side in (CAVIAR, OPTUNA)},
            "ratio": found.ratio(way),
        }
        for way in WAYS
    }
    figures["one"][CLIENT] = found.typical("one", CLIENT)
    figures["eight"]["vs_one"] = found.eight_to_one()
    return figures


def flat_table(found: Flatness) -> str:
    headings = ["ms behind", *(f"{size:,} {p}" for size in found.behind for p in ("p50", "p99")), "ratio", "verdict"]
    return table(headings, [_flat_row(found, verb) for verb in VERBS])


def _flat_row(found: Flatness, verb: str) -> list[str]:
    cells = [milliseconds(part) for one in found.behind.values() for part in (one.p50(verb), one.p99(verb))]
    ratio = found.ratio(verb)
    return [verb, *cells, times(ratio), at_most(ratio, must=FLAT_MUST)]


def memory_line(found: Flatness) -> str:
    sizes = ", ".join(f"{one.memory_mb:.0f} MB behind {size:,}" for size, one in found.behind.items())
    return f"the server's memory after the calls: {sizes}; {times(found.memory())}, " + at_most(
        found.memory(), must=MEMORY_MUST
    )


def flat_figures(found: Flatness) -> dict[str, Any]:
    """`flat`: by verb the median behind most trials / behind fewest; `ms` and `memory_mb`: by finished trials."""
    return {
        "flat": {verb: found.ratio(verb) for verb in VERBS},
        "ms": {
            verb: {
                str(size): {"p50": 1000 * one.p50(verb), "p99": 1000 * one.p99(verb)}
                for size, one in found.behind.items()
            }
            for verb in VERBS
        },
        "memory": found.memory(),
        "memory_mb": {str(size): one.memory_mb for size, one in found.behind.items()},
    }


def heartbeats_line(found: Heartbeats, *, workers: int) -> str:
    return (
        f"{workers} workers, {len(found.seconds)} heartbeats: {found.in_time:.2%} answered within a second, "
        f"p99 {milliseconds(found.p99)} ms; the server used {found.cpu_share:.0%} of a core"
    )


def heartbeats_figures(found: Heartbeats, *, workers: int) -> dict[str, Any]:
    """`cpu`: cores that the server used on average."""
    told = {"workers": workers, "in_time": found.in_time, "p99_ms": 1000 * found.p99, "cpu": found.cpu_share}
    return {"heartbeats": told}
