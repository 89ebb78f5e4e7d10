"""The source tree as the house rules see it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("caviar", "migrations", "service", "trainer", "worker")


def modules(*folders: str) -> Iterator[Path]:
    """Every Python file in the folders, which default to all that is shipped."""
    for folder in folders or PACKAGES:
        yield from sorted((ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))
