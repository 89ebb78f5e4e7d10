"""The whole of a search, from nothing to its best trial: what both sides are asked for, and what they give."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Task:
    """A search on digits: so many trials and epochs. With `is_fixed_shape`, layers and batch_size do not vary; with
    `is_fused`, the peer asks PyTorch for Adam's fused kernel.
    """

    trials: int
    epochs: int
    seed: int
    is_fixed_shape: bool = False
    is_fused: bool = False

    @property
    def spec(self) -> dict[str, Any]:
        """The search spec, which is the space for the peer too."""
        free = {"layers": {"low": 1, "high": 3, "type": "int"}, "batch_size": {"values": [64, 128, 256]}}
        return {
            "name": "end to end",
            "trainer": "mlp",
            "dataset": "digits",
            "metric": "dev_accuracy",
            "goal": "maximize",
            "space": {
                "learning_rate": {"low": 1e-4, "high": 1.0, "scale": "log"},
                "beta1": {"low": 0.9, "high": 0.999, "scale": "reverse_log"},
                "hidden_units": {"low": 32, "high": 128, "type": "int"},
                "l2": {"low": 1e-5, "high": 1e-1, "scale": "log"},
                **({"layers": 2, "batch_size": 128} if self.is_fixed_shape else free),
                "epochs": self.epochs,
            },
            "sampler": {"name": "zoom"},
            "trials": self.trials,
            "parallel": 16,
            "seed": self.seed,
        }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One search of one side. `seconds` from nothing to nothing; `start_up_seconds` of it before the first trial."""

    seconds: float
    start_up_seconds: float
    trials: int
    best: float


@dataclass(frozen=True)
class Duel:
    """Both sides at the same task, several times, in turns."""

    ours: list[Outcome]
    peer: list[Outcome]

    @property
    def ratio(self) -> float:
        """The median over the turns of how many times faster we are, start-up and end included on both sides."""
        return median(peer.seconds / ours.seconds for ours, peer in self._pairs)

    @property
    def ratio_without_start_up(self) -> float:
        return median(
            (peer.seconds - peer.start_up_seconds) / (ours.seconds - ours.start_up_seconds)
            for ours, peer in self._pairs
        )

    @property
    def _pairs(self) -> list[tuple[Outcome, Outcome]]:
        return list(zip(self.ours, self.peer, strict=True))


def typical_seconds(outcomes: list[Outcome]) -> float:
    """The median."""
    return median(outcome.seconds for outcome in outcomes)


def typical_best(outcomes: list[Outcome]) -> float:
    """The median over the turns of the best dev accuracy."""
    return median(outcome.best for outcome in outcomes)


def figures(free: Duel, fixed: Duel) -> Mapping[str, float]:
    """The last line."""
    return {
        "vs_optuna_torch": free.ratio,
        "fixed_shape": fixed.ratio,
        "seconds": typical_seconds(free.ours),
        "seconds_optuna_torch": typical_seconds(free.peer),
        "start_up_seconds": median(outcome.start_up_seconds for outcome in free.ours),
        "vs_optuna_torch_without_start_up": free.ratio_without_start_up,
        "best": typical_best(free.ours),
        "best_optuna_torch": typical_best(free.peer),
        "fixed_shape_best": typical_best(fixed.ours),
        "fixed_shape_best_optuna_torch": typical_best(fixed.peer),
    }
