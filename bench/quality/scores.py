"""What regrets add up to: one figure over tasks, ranks, wins, and whether a difference could be chance.

Notation: r (T, S) regrets of one method at one budget, T tasks, S seeds; m_t the mean of r over the seeds of task t.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
FLOOR = 1e-4
"""A mean regret below this counts as this: one zero would make a product zero, and nobody needs more digits."""


def by_task(r: Array) -> Array:
    """(T,): m_t, at least FLOOR."""
    means: Array = np.maximum(r.mean(axis=1), FLOOR)
    return means


def geometric_mean(r: Array) -> float:
    """exp of the mean over tasks of log m_t."""
    return float(np.exp(np.log(by_task(r)).mean()))


def mean_ranks(methods: Mapping[str, Array]) -> dict[str, float]:
    """Rank 1 is the least regret; the ranks of all methods within each task and seed, averaged; equals share theirs."""
    r = np.array(list(methods.values()))
    below = (r[None] < r[:, None]).sum(axis=1)
    equal = (r[None] == r[:, None]).sum(axis=1)
    ranks = below + (equal + 1) / 2
    return {name: float(rank) for name, rank in zip(methods, ranks.mean(axis=(1, 2)), strict=True)}


@dataclass(frozen=True)
class Versus:
    """Ours against a peer, at one budget, over paired tasks and seeds.

    `ratio` of the geometric means; `wins` are tasks with the smaller mean; `worst` is the largest ratio of a task.
    `p_tasks` and `p_pairs` are of Wilcoxon's signed-rank test (two-sided) over the T tasks' logarithms of m_t, and over
    the T S pairs of regrets. With six tasks no p_tasks is below 0.031; pairs of one task are no independent tasks.
    """

    ratio: float
    wins: int
    worst: float
    p_tasks: float
    p_pairs: float


def versus(ours: Array, peer: Array) -> Versus:
    ratios = by_task(ours) / by_task(peer)
    return Versus(
        ratio=float(np.exp(np.log(ratios).mean())),
        wins=int((ratios < 1).sum()),
        worst=float(ratios.max()),
        p_tasks=_wilcoxon(np.log(ratios)),
        p_pairs=_wilcoxon((ours - peer).ravel()),
    )


def _wilcoxon(differences: Array) -> float:
    """p = 1 where there is no difference at all."""
    from scipy.stats import wilcoxon  # 1.5 s, only when something is compared

    return float(wilcoxon(differences).pvalue) if np.any(differences) else 1.0


def shared_seeds(sides: Sequence[Array]) -> list[Array]:
    """The seeds that all of them have: a slow peer has fewer."""
    seeds = min(side.shape[1] for side in sides)
    return [side[:, :seeds] for side in sides]
