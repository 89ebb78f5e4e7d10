"""What the queue costs: trials per second beside Optuna's ask and tell, and whether a million finished ones slow it.

    python -m bench.service [--quick] [--db sqlite|postgres|both] [--only throughput|flat|heartbeats]

Last line: {"sqlite": {"one": {"caviar": …, "optuna": …, "ratio": …}, "batch": {…}, "eight": {…}, "flat": {"claim": …},
"memory": …, "heartbeats": {…}, …}, "postgres": {…}}.
docs/benchmarks.md says what each figure is.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.machine import facts, load
from bench.queue_cost import report
from bench.queue_cost.flat import flatness
from bench.queue_cost.heartbeats import heartbeats
from bench.queue_cost.stores import KINDS, NewStore, stores
from bench.queue_cost.throughput import has_optuna, rates
from bench.reporting import last_line
from bench.threads import one_thread

PACKAGES = ("fastapi", "uvicorn", "sqlalchemy", "psycopg", "optuna")


@dataclass(frozen=True)
class Size:
    """How much is run: rounds of the throughput and the seconds of a turn; databases of so many finished trials, calls
    of each kind; workers with so many heartbeats each.
    """

    rounds: int
    seconds: float
    finished: Sequence[int]
    calls: int
    workers: int
    beats: int


FULL = Size(rounds=7, seconds=2.0, finished=(1_000, 100_000, 1_000_000), calls=2_000, workers=500, beats=4)
QUICK = Size(rounds=1, seconds=0.5, finished=(1_000, 20_000), calls=100, workers=100, beats=1)


def _throughput(new_store: NewStore, size: Size) -> dict[str, Any]:
    found = rates(new_store, rounds=size.rounds, seconds=size.seconds)
    print(f"{report.rates_table(found)}\n", flush=True)
    return report.rates_figures(found)


def _flat(new_store: NewStore, size: Size) -> dict[str, Any]:
    found = flatness(new_store, sizes=size.finished, calls=size.calls)
    print(f"{report.flat_table(found)}\n\n{report.memory_line(found)}\n", flush=True)
    return report.flat_figures(found)


def _heartbeats(new_store: NewStore, size: Size) -> dict[str, Any]:
    found = heartbeats(new_store, workers=size.workers, beats=size.beats)
    print(f"{report.heartbeats_line(found, workers=size.workers)}\n", flush=True)
    return report.heartbeats_figures(found, workers=size.workers)


PARTS: Mapping[str, Callable[[NewStore, Size], dict[str, Any]]] = {
    "throughput": _throughput,
    "flat": _flat,
    "heartbeats": _heartbeats,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.service", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less than two minutes, to see that it works")
    parser.add_argument("--db", choices=(*KINDS, "both"), default="both", help="default: both")
    parser.add_argument("--only", choices=tuple(PARTS), help="one part alone")
    flags = parser.parse_args()
    one_thread()
    print(f"a server and its clients on this machine, over HTTP; {facts(PACKAGES)}", flush=True)
    if not has_optuna():
        print("Optuna is not installed (pip install -e '.[bench]'), so there are no ratios against it")
    kinds = KINDS if flags.db == "both" else (flags.db,)
    size = QUICK if flags.quick else FULL
    figures = {kind: _measured(kind, [flags.only] if flags.only else list(PARTS), size) for kind in kinds}
    print(f"{load()} at the end\n{last_line(figures)}")


def _measured(kind: str, parts: Sequence[str], size: Size) -> dict[str, Any]:
    print(f"\n{kind}\n", flush=True)
    with stores(kind) as new_store:
        return {name: figure for part in parts for name, figure in PARTS[part](new_store, size).items()}


if __name__ == "__main__":
    main()
