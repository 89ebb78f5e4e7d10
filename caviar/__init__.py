"""Caviar: a self-hosted hyperparameter search service.

`from caviar import Client, SearchSpec` is what a user's script needs. Names are loaded when first asked for, so that
`caviar --help` does not wait for an HTTP client.
"""

import importlib
from typing import Any

__version__ = "0.1.0"
__all__ = ["CaviarError", "Client", "Search", "SearchSpec", "__version__"]

_HOME = {
    "CaviarError": "caviar.errors",
    "Client": "caviar.client",
    "Search": "caviar.search",
    "SearchSpec": "caviar.spec",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'caviar' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
