"""docs/client.md and the examples do what they say, on a real server."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caviar import Client
from tests.processes import Processes, running_processes

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Processes, str]]:
    folder = tmp_path_factory.mktemp("snippets")
    with running_processes(folder) as processes:
        yield processes, processes.server(f"sqlite:///{folder / 'caviar.db'}").url


@pytest.fixture
def url(started: tuple[Processes, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a server that is found through CAVIAR_URL, as a user's own is."""
    monkeypatch.setenv("CAVIAR_URL", started[1])
    return started[1]


def run(name: str, pieces: list[str]) -> dict[str, Any]:
    """One after the other in one namespace, as in a session; line numbers of a traceback count within its piece."""
    space: dict[str, Any] = {"__name__": name}
    for number, piece in enumerate(pieces):
        exec(compile(piece, f"{name}, piece {number + 1}", "exec"), space)
    space["client"].close()
    return space


def test_the_python_of_the_client_page_runs(
    url: str, started: tuple[Processes, str], capsys: pytest.CaptureFixture[str]
) -> None:
    started[0].worker(url)
    pieces = BLOCK.findall((ROOT / "docs/client.md").read_text())

    run("docs/client.md", pieces)

    said = capsys.readouterr().out
    assert len(pieces) == 7
    assert "learning_rate" in said
    assert "did you mean minimize?" in said
    assert "there is no search" in said
    with Client(url) as client:
        states = {search.name: search.state for search in client.searches().items}
    assert states["parabola"] == states["wine"] == "completed"


def test_the_notebook_runs_and_is_stored_without_outputs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = json.loads((ROOT / "examples/notebook.ipynb").read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]

    space = run("examples/notebook.ipynb", ["".join(cell["source"]) for cell in cells])

    assert [(cell["outputs"], cell["execution_count"]) for cell in cells] == [([], None)] * len(cells)
    assert "max_depth" in capsys.readouterr().out
    with Client(url) as client:
        search = client.search(space["search"].id)
        assert (search.counts.completed, search.answer.trials) == (12, 16)
        assert search.best is not None
        assert search.best.value > 0.9


def test_the_scikit_learn_example_runs_a_search(url: str) -> None:
    command = [sys.executable, str(ROOT / "examples/ask_tell_sklearn.py")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    assert ran.returncode == 0, ran.stderr
    with Client(url) as client:
        search = client.search(ran.stdout.split()[1].rstrip(":"))
        assert search.state == "completed"
        assert search.counts.completed + search.counts.stopped == 24
        assert search.counts.stopped > 0
        assert search.best is not None
        assert search.best.value > 0.9
        assert f"1. {search.best.value:.4f} trial {search.best.number} " in ran.stdout
