"""How good the search is: ours against Optuna's, on real tables of trainings and with real training.

    python -m bench.search_quality [--quick] [--only tables|time|real|stopping] [--seeds N] [--methods NAME,NAME]

Last line: {"regret": {"zoom/8@100": …}, "zoom_vs_tpe": {"1@100": …}, "wins_of_6": …, "ms": {…}, "real": {…},
"stopping": {…}, …}.
docs/benchmarks.md says what each figure is.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.machine import facts, load
from bench.quality import comparison, early_report, real_report
from bench.quality.clock import milliseconds
from bench.quality.early import PROBLEMS, all_paths
from bench.quality.methods import METHODS
from bench.quality.real import all_searches
from bench.quality.runs import all_runs
from bench.quality.tables import load_tables
from bench.real_data import NotHere
from bench.reporting import last_line, table
from bench.threads import one_thread

PACKAGES = ("numpy", "optuna", "cmaes", "torch")
PARTS = ("time", "tables", "real", "stopping")
TIMED_TASKS = ("vehicle", "protein_structure")
"""One with 5 parameters and one with 9."""
NOT_TIMED = ("random/1", "optuna_random/1")


@dataclass(frozen=True)
class Size:
    """How much is run: seeds on the tables, of slow peers there (0: without them), of the clock, of real training.

    Under stopping rules: so many data sets, seeds and trials.
    """

    seeds: int
    slow_seeds: int
    budgets: Sequence[int]
    timed_seeds: int
    real_seeds: int
    real_trials: int
    stopping: tuple[int, int, int]


FULL = Size(
    seeds=20,
    slow_seeds=20,
    budgets=(25, 50, 100, 200),
    timed_seeds=3,
    real_seeds=5,
    real_trials=60,
    stopping=(3, 5, 60),
)
QUICK = Size(
    seeds=3,
    slow_seeds=0,
    budgets=(25, 50, 100),
    timed_seeds=1,
    real_seeds=2,
    real_trials=24,
    stopping=(1, 2, 12),
)


def main() -> None:
    flags = _flags()
    size = QUICK if flags.quick else FULL
    methods = flags.methods.split(",") if flags.methods else _affordable(size)
    one_thread()
    print(f"two processes, one thread each; {facts(PACKAGES)}", flush=True)
    parts: dict[str, Callable[[], Mapping[str, Any]]] = {
        "time": lambda: _time(methods, size),
        "tables": lambda: _tables(methods, size, seeds=flags.seeds or size.seeds),
        "real": lambda: _real(size, seeds=max(2, flags.real_seeds or size.real_seeds)),
        "stopping": lambda: _stopping(size),
    }
    figures: dict[str, Any] = {}
    for part in [flags.only] if flags.only else PARTS:
        try:
            figures |= parts[part]()
        except NotHere as reason:
            print(f"\nno part {part}: {reason}", flush=True)
    print(f"\n{load()} at the end\n{last_line(figures)}")


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.search_quality", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less than five minutes: few seeds, to see that it works")
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument("--seeds", type=int, help=f"on the tables; default {FULL.seeds}")
    parser.add_argument("--real-seeds", type=int, help=f"with real training, at least 2; default {FULL.real_seeds}")
    parser.add_argument("--methods", help=f"of {','.join(METHODS)}; default: all")
    return parser.parse_args()


def _affordable(size: Size) -> list[str]:
    return [name for name, method in METHODS.items() if size.slow_seeds or method.most_trials is None]


def _time(methods: Sequence[str], size: Size) -> dict[str, Any]:
    tasks = [task for task in load_tables() if task.name in TIMED_TASKS]
    timed = [name for name in methods if name not in NOT_TIMED]
    found = milliseconds(tasks, timed, seeds=size.timed_seeds, budgets=size.budgets)
    headings = ["ms per suggestion", *map(str, size.budgets)]
    rows = [[name, *(_shown(each.get(budget)) for budget in size.budgets)] for name, each in found.items()]
    print(f"\n{table(headings, rows)}", flush=True)
    return {"ms": {f"{name}@{budget}": ms for name, each in found.items() for budget, ms in each.items()}}


def _shown(ms: float | None) -> str:
    return "-" if ms is None else f"{ms:.2f}"


def _tables(methods: Sequence[str], size: Size, *, seeds: int) -> Mapping[str, Any]:
    tasks = load_tables()
    print()
    found = {}
    for runs in all_runs(
        tasks, methods, seeds=seeds, slow_seeds=min(seeds, size.slow_seeds or 1), budgets=size.budgets
    ):
        found[runs.method] = runs
        print(f"{len(found)} of {len(methods)} methods: {runs.method}", file=sys.stderr, flush=True)
    print(comparison.regret_table(found, [task.name for task in tasks], size.budgets), end="\n\n")
    print(comparison.versus_table(found, size.budgets), end="\n\n")
    shared = {name: replace(runs, regrets=runs.shared) for name, runs in found.items()}
    print("the same, a search judged by the mean of all its trials with the best observed value\n")
    print(comparison.versus_table(shared, [comparison.JUDGED_AT]), flush=True)
    return comparison.figures(found)


def _real(size: Size, *, seeds: int) -> Mapping[str, Any]:
    found = all_searches(seeds=seeds, trials=size.real_trials)
    print(f"\n{real_report.real_table(found)}", flush=True)
    return {"real": real_report.figures(found)}


def _stopping(size: Size) -> Mapping[str, Any]:
    data_sets, seeds, trials = size.stopping
    found = all_paths(PROBLEMS[:data_sets], seeds=seeds, trials=trials)
    print(f"\n{early_report.early_table(found)}", flush=True)
    return {"stopping": early_report.figures(found)}


if __name__ == "__main__":
    main()
