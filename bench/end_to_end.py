"""A whole search: Caviar's server and two workers against Optuna and PyTorch in two processes.

    python -m bench.end_to_end [--quick] [--turns N] [--fused]

Last line: {"vs_optuna_torch": 4.8, "fixed_shape": 6.1, "seconds": ..., "best": ..., "best_optuna_torch": ..., ...}.
docs/benchmarks.md says what each figure is.
"""

import argparse
from collections.abc import Sequence

from bench import caviar_search, optuna_search
from bench.machine import facts, load
from bench.reporting import last_line, table, times, verdict
from bench.threads import one_thread
from bench.whole import Duel, Outcome, Task, figures, typical_best

PACKAGES = ("numpy", "torch", "optuna", "sqlalchemy")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.end_to_end", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less than a minute: fewer trials and epochs, one turn")
    parser.add_argument("--turns", type=int, default=3, help="how many times each side does it; default 3")
    parser.add_argument("--fused", action="store_true", help="the peer asks PyTorch for Adam's fused kernel")
    flags = parser.parse_args()
    turns = 1 if flags.quick else flags.turns
    trials, epochs = (24, 5) if flags.quick else (100, 20)
    one_thread()
    print(f"{trials} trials x {epochs} epochs on digits, two processes on either side, {turns} turns each")
    print(f"one thread per process; {facts(PACKAGES)}\n", flush=True)
    tasks = [
        [
            Task(trials=trials, epochs=epochs, seed=seed, is_fixed_shape=is_fixed, is_fused=flags.fused)
            for seed in range(turns)
        ]
        for is_fixed in (False, True)
    ]
    free, fixed = map(_duel, tasks)
    print(table(_HEADINGS, [*_rows("free", free), *_rows("fixed shape", fixed)]), end="\n\n")
    print(_conclusion("free", free, must=4, goal=6))
    print(_conclusion("fixed shape", fixed, must=5, goal=8))
    print(f"{load()} at the end\n{last_line(figures(free, fixed))}")


def _duel(tasks: Sequence[Task]) -> Duel:
    """Who goes first changes from turn to turn."""
    duel = Duel([], [])
    for number, task in enumerate(tasks):
        if number % 2 == 0:
            duel.ours.append(caviar_search.run(task.spec))
        duel.peer.append(optuna_search.run(task))
        if number % 2 == 1:
            duel.ours.append(caviar_search.run(task.spec))
    return duel


_HEADINGS = ["search", "turn", "side", "seconds", "of it start-up", "trials", "best dev accuracy"]


def _rows(name: str, duel: Duel) -> list[list[str]]:
    return [
        _row(name, number, side, outcome)
        for number, pair in enumerate(zip(duel.ours, duel.peer, strict=True), start=1)
        for side, outcome in zip(("caviar", "optuna + torch"), pair, strict=True)
    ]


def _row(name: str, number: int, side: str, outcome: Outcome) -> list[str]:
    seconds = [f"{outcome.seconds:.2f}", f"{outcome.start_up_seconds:.2f}"]
    return [name, str(number), side, *seconds, str(outcome.trials), f"{outcome.best:.4f}"]


def _conclusion(name: str, duel: Duel, *, must: float, goal: float) -> str:
    ours, peer = typical_best(duel.ours), typical_best(duel.peer)
    return (
        f"{name}: {times(duel.ratio)}, {verdict(duel.ratio, must=must, goal=goal)}; without start-up "
        f"{times(duel.ratio_without_start_up)}; best {ours:.4f} against {peer:.4f}"
        f"{'' if ours >= peer else ', which is WORSE'}"
    )


if __name__ == "__main__":
    main()
