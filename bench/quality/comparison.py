"""What the runs on the tables say: regret of every method, and ours against the peers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.quality import scores
from bench.quality.runs import Runs
from bench.reporting import table

JUDGED_AT = 100
"""The budget at which tasks are shown and counted one by one."""
PAIRS = tuple(
    (f"zoom/{workers}", f"{peer}/{peer_workers}")
    for workers in (1, 8)
    for peer, peer_workers in (
        ("tpe", workers),
        ("gp", 1),
        ("cma_es", workers),
        ("random", 1),
        ("textbook", workers),
        ("unscreened", workers),
    )
)
"""Ours and the peer that it is compared with."""

All = Mapping[str, Runs]


def regret_table(found: All, tasks: Sequence[str], budgets: Sequence[int]) -> str:
    """Geometric means by budget, ranks, then each task's mean at JUDGED_AT."""
    ranks = _ranks(found)
    headings = ["regret", *map(str, budgets), "rank", *tasks, "busy"]
    return table(headings, [_regrets(runs, budgets, rank=ranks.get(name)) for name, runs in found.items()])


def _regrets(runs: Runs, budgets: Sequence[int], *, rank: float | None) -> list[str]:
    totals = [f"{scores.geometric_mean(runs.at(budget)):.4f}" if budget in runs.budgets else "-" for budget in budgets]
    by_task = [f"{mean:.4f}" for mean in runs.at(JUDGED_AT).mean(axis=1)]
    return [runs.method, *totals, "-" if rank is None else f"{rank:.1f}", *by_task, f"{runs.utilisation:.2f}"]


def _ranks(found: All) -> dict[str, float]:
    """At JUDGED_AT, among the methods that have all seeds."""
    seeds = max(runs.regrets.shape[1] for runs in found.values())
    return scores.mean_ranks(
        {name: runs.at(JUDGED_AT) for name, runs in found.items() if runs.regrets.shape[1] == seeds}
    )


def versus_table(found: All, budgets: Sequence[int]) -> str:
    """Ours against the peers, on the seeds that both have."""
    headings = ["ours", "peer", "trials", "seeds", "ratio", "wins", "worst", "p tasks", "p pairs"]
    rows = [
        _versus(found[ours], found[peer], budget)
        for ours, peer in PAIRS
        if ours in found and peer in found
        for budget in budgets
        if budget in found[peer].budgets
    ]
    return table(headings, rows)


def _versus(ours: Runs, peer: Runs, budget: int) -> list[str]:
    sides = scores.shared_seeds([ours.at(budget), peer.at(budget)])
    versus = scores.versus(*sides)
    return [
        ours.method,
        peer.method,
        str(budget),
        str(sides[0].shape[1]),
        f"{versus.ratio:.2f}",
        f"{versus.wins} of {len(sides[0])}",
        f"{versus.worst:.2f}",
        f"{versus.p_tasks:.3f}",
        f"{versus.p_pairs:.2g}",
    ]


def figures(found: All) -> dict[str, Any]:
    """For the last line. `shared_equals` are the same figures with regrets judged by all of equals."""
    shared = {name: replace(runs, regrets=runs.shared) for name, runs in found.items()}
    return {
        **_figures(found),
        "rank": _ranks(found),
        "utilisation": {name: runs.utilisation for name, runs in found.items()},
        "shared_equals": _figures(shared),
    }


def _figures(found: All) -> dict[str, Any]:
    """`wins_of_6` and `worst_loss` are the worse of both numbers of workers, at JUDGED_AT."""
    duels = {
        workers: scores.versus(found[f"zoom/{workers}"].at(JUDGED_AT), found[f"tpe/{workers}"].at(JUDGED_AT))
        for workers in (1, 8)
        if {f"zoom/{workers}", f"tpe/{workers}"} <= set(found)
    }
    return {
        "regret": {
            f"{name}@{budget}": scores.geometric_mean(runs.at(budget))
            for name, runs in found.items()
            for budget in runs.budgets
        },
        "zoom_vs_tpe": _ratios(found, "tpe", peer_workers=None),
        "zoom_vs_gp": _ratios(found, "gp", peer_workers=1),
        "zoom_vs_random_with_twice_the_trials": _ratios(found, "random", peer_workers=1, more=2),
        "wins_of_6": min((duel.wins for duel in duels.values()), default=None),
        "worst_loss": max((duel.worst for duel in duels.values()), default=None),
    }


def _ratios(found: All, peer: str, *, peer_workers: int | None, more: int = 1) -> dict[str, float]:
    """Our regret by the peer's, which has `more` times the trials: `8@100` is ours with 8 workers and 100 trials."""
    ratios = {}
    for workers in (1, 8):
        ours, other = found.get(f"zoom/{workers}"), found.get(f"{peer}/{peer_workers or workers}")
        if ours is None or other is None:
            continue
        for budget in ours.budgets:
            if more * budget in other.budgets:
                sides = scores.shared_seeds([ours.at(budget), other.at(more * budget)])
                ratios[f"{workers}@{budget}"] = scores.versus(*sides).ratio
    return ratios
