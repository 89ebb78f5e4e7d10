"""What is installed is all of it, works anywhere, and is ours whatever stands in the user's folder."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import caviar
from tests.house.tree import PACKAGES, ROOT

USERS_MODULES = ("trainer", "worker", "service", "migrations")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def run(*command: str, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    in_tree = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    about = f"caviar-{caviar.__version__}.dist-info/"
    in_wheel = {file for file in zipfile.ZipFile(wheel).namelist() if not file.startswith(about)}
    assert in_wheel == in_tree
    assert {"caviar/commands/demo.yaml", "migrations/script.py.mako", "caviar/py.typed"} <= in_wheel


def test_the_wheel_carries_licence_version_and_command(wheel: Path) -> None:
    about = f"caviar-{caviar.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        assert "Apache License" in archive.read(f"{about}/licenses/LICENSE").decode()
        assert "caviar = caviar.commands.main:main" in archive.read(f"{about}/entry_points.txt").decode()


@pytest.mark.long
def test_the_installed_wheel_runs_the_demo_in_a_folder_with_modules_of_the_same_names(
    wheel: Path, tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", str(environment), cwd=tmp_path)
    pip = [str(environment / "bin/python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    run(*pip, "--constraint", str(ROOT / "constraints.txt"), str(wheel), cwd=tmp_path)
    own_folder = tmp_path / "own"
    own_folder.mkdir()
    for module in USERS_MODULES:
        (own_folder / f"{module}.py").write_text(f"raise RuntimeError('the {module} of the user was imported')\n")

    leaderboard = json.loads(run(str(environment / "bin/caviar"), "demo", "--json", cwd=own_folder))

    best = leaderboard["items"][0]
    assert best["rank"] == 1
    assert best["value"] >= 0.97
    assert {path.stem for path in own_folder.iterdir()} == set(USERS_MODULES)
