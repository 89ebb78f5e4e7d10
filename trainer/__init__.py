"""Neural networks in NumPy, K at once: the ground floor, which knows no trial and no HTTP.

`trainer.fit(X, y, hparams)` trains one network without a server. It is loaded when it is asked for: the server imports
`trainer.hyperparameters` from here and must not pay for NumPy.
"""

from importlib import import_module
from typing import Any

__all__ = ["fit"]


def __getattr__(name: str) -> Any:
    if name == "fit":
        return import_module("trainer.fitting").fit
    raise AttributeError(f"module 'trainer' has no attribute {name!r}")
