"""What a figure depends on: the machine, its load, and the versions of what was measured."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version


def facts(packages: Iterable[str]) -> str:
    """One line; packages that are not installed are left out."""
    found = [f"{name} {number}" for name in packages if (number := _version(name)) is not None]
    return ", ".join([f"{os.cpu_count()} cores", f"Python {platform.python_version()}", *found, load()])


def load() -> str:
    """How many processes wanted a core, on average over the last minute; ours is one of them."""
    return f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
