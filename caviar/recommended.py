"""Ready spaces for the built-in trainer mlp: what to tune first, and between which values.

The order of importance and most of the ranges are those of Andrew Ng's course "Improving deep neural networks"
(2017, week 3, "Hyperparameter tuning"). What a space leaves out stays at the trainer's defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TRAINER = "mlp"


@dataclass(frozen=True)
class Tier:
    title: str
    parameters: Mapping[str, Any]
    """As a spec has them under `space`."""


TIERS = (
    Tier(
        "tier 1: the learning rate matters most",
        {"learning_rate": {"low": 0.0001, "high": 1.0, "scale": "log"}},
    ),
    Tier(
        "tier 2: momentum, hidden units, batch size",
        {
            "beta1": {"low": 0.9, "high": 0.999, "scale": "reverse_log"},
            "hidden_units": {"low": 50, "high": 100, "type": "int"},
            "batch_size": {"values": [64, 128, 256, 512]},
        },
    ),
    Tier(
        "tier 3: layers, and how the learning rate decays",
        {
            "layers": {"low": 2, "high": 4, "type": "int"},
            "decay": {"values": ["none", "inverse_time", "cosine"]},
            "decay_rate": {"low": 0.01, "high": 1.0, "scale": "log", "when": {"decay": "inverse_time"}},
        },
    ),
)

READY_SPACES: Mapping[str, tuple[Tier, ...]] = {
    "recommended": TIERS,
    "recommended-1": TIERS[:1],
    "recommended-2": TIERS[:2],
}
"""What may stand for a whole space in a spec: `space: recommended`."""


def ready_space(name: str) -> dict[str, Any]:
    """The space of this name as a spec would write it down. Raises KeyError."""
    return {parameter: drawn for tier in READY_SPACES[name] for parameter, drawn in tier.parameters.items()}
