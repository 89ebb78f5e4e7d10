"""What planning costs: milliseconds per suggestion through the database, and how soon a waiting worker is answered.

    python -m bench.planning [--quick]

Last line: {"ms": {"8@200": 2.1, ...}, "answer_ms": {"median": 18, "p95": 31, ...}}.
docs/benchmarks.md says what each figure is.
"""

import argparse
from collections.abc import Mapping, Sequence
from statistics import median, quantiles

from bench.answering import Answers, answers
from bench.machine import facts, load
from bench.reporting import last_line, milliseconds, table
from bench.suggesting import Cost, cost
from bench.threads import one_thread

Case = tuple[int, int]
"""(finished trials, parallel)"""
MUST_MS = {200: 10.0, 10_000: 25.0}
"""A suggestion after so many finished trials."""
MUST_ANSWER_MS = 50.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.planning", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="no search of 100,000 trials, fewer turns")
    is_quick = parser.parse_args().quick
    sizes, turns = ((200, 10_000), 10) if is_quick else ((200, 10_000, 100_000), 40)
    one_thread()
    print(f"the zoom with 8 parameters on SQLite, one thread; {facts(('numpy', 'scipy', 'sqlalchemy'))}\n", flush=True)
    costs = {(size, parallel): cost(size, parallel=parallel, turns=turns) for size in sizes for parallel in (1, 8)}
    print(table(_HEADINGS, [_row(case, found) for case, found in costs.items()]), end="\n\n", flush=True)
    found = answers(finished=200, turns=turns)
    figures = answer_figures(found)
    print(f"a waiting claim at 200 trials, parallel 8, {len(found.claims)} times: {_told(figures)}")
    print(f"{load()} at the end\n{last_line({'ms': suggestion_figures(costs), 'answer_ms': figures})}")


_HEADINGS = ["trials", "parallel", "look, ms", "plan, ms", "store, ms", "a suggestion, ms", "a round, ms", "verdict"]


def _row(case: Case, found: Cost) -> list[str]:
    finished, parallel = case
    parts = [milliseconds(seconds) for seconds in (found.look, found.plan, found.store, found.whole)]
    whole_round = milliseconds(found.whole * max(1, parallel // 2))
    return [f"{finished:,}", str(parallel), *parts, whole_round, within(1000 * found.whole, MUST_MS.get(finished))]


def within(ms: float, must_ms: float | None) -> str:
    """Whether it took no longer than it may."""
    if must_ms is None:
        return "-"
    return f"must {must_ms:g} {'reached' if ms < must_ms else 'MISSED'}"


def suggestion_figures(costs: Mapping[Case, Cost]) -> dict[str, float]:
    """By parallel and finished trials: looking, planning and storing."""
    return {f"{parallel}@{finished}": 1000 * found.whole for (finished, parallel), found in costs.items()}


def answer_figures(found: Answers) -> dict[str, float]:
    """Milliseconds; `finish` is the median of what the finish itself took."""
    claims, finishes = ([1000 * seconds for seconds in part] for part in (found.claims, found.finishes))
    return {"median": median(claims), "p95": _95th(claims), "finish": median(finishes)}


def _95th(ms: Sequence[float]) -> float:
    return quantiles(ms, n=20, method="inclusive")[-1]


def _told(figures: Mapping[str, float]) -> str:
    return (
        f"median {figures['median']:.1f} ms, 95th percentile {figures['p95']:.1f} ms, "
        f"{within(figures['p95'], MUST_ANSWER_MS)}; the finish itself {figures['finish']:.1f} ms"
    )


if __name__ == "__main__":
    main()
