"""Who may import whom, and what a quick command may not load."""

import os
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT

HEAVY = {"alembic", "fastapi", "httpx", "numpy", "pydantic", "scipy", "sklearn", "sqlalchemy", "uvicorn", "yaml"}
"""What costs a noticeable part of a second to load."""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_import_directions_of_pyproject_hold() -> None:
    linted = run(str(Path(sys.executable).with_name("lint-imports")))
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert " 0 broken" in linted.stdout


def test_help_loads_nothing_heavy() -> None:
    asked = run(sys.executable, "-c", "import sys, caviar.commands.main; print(*sys.modules)")
    assert HEAVY & set(asked.stdout.split()) == set(), asked.stderr
    assert "typer" in asked.stdout.split()
