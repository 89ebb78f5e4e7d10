"""What `search.wait()` shows, on a real terminal, in a pipe, and to a notebook."""

import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from caviar import Client
from tests.commands.running import Terminal, interrupt
from tests.processes import running_processes
from tests.worker.loops import toy_spec

WAIT = """
import sys
from caviar import Client
with Client(sys.argv[1]) as client:
    search = client.search(sys.argv[2]).wait()
    print(search.best.value)
"""
PYTHON = [sys.executable, "-P", "-c", WAIT]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("progress")
    with running_processes(folder) as processes:
        server = processes.server(f"sqlite:///{folder / 'caviar.db'}")
        with Client(server.url) as client:
            yield client


def run_next(client: Client, search: str, loss: float) -> None:
    with client.search(search).ask() as trial:
        trial.finish(loss=loss)


def test_on_a_terminal_a_bar_grows_and_tells_the_time_that_is_left(client: Client) -> None:
    search = client.submit(toy_spec(name="[bold]bars", trials=2)).id
    terminal = Terminal(client.url, search, command=PYTHON)
    terminal.read_until("0/2, best none yet")

    run_next(client, search, 0.5)
    terminal.read_until("left, best 0.5 (trial 0)")
    run_next(client, search, 0.25)

    assert terminal.read_to_end() == 0
    bar, value = terminal.drawn.lines
    assert bar.startswith("[bold]bars ━━━")
    assert bar.endswith("━ 2/2, best 0.25 (trial 1)")
    assert (value, terminal.drawn.is_cursor_shown) == ("0.25", True)


def test_ctrl_c_ends_the_waiting_and_leaves_the_terminal_clean(client: Client) -> None:
    search = client.submit(toy_spec(trials=2))
    terminal = Terminal(client.url, search.id, command=PYTHON)
    terminal.read_until("0/2, best none yet")

    interrupt(terminal.process)

    assert terminal.read_to_end() != 0
    assert terminal.drawn.is_cursor_shown
    assert search.refresh().state == "active"


def test_in_a_pipe_nothing_is_drawn(client: Client) -> None:
    search = client.submit(toy_spec(trials=1))
    run_next(client, search.id, 0.5)

    ran = subprocess.run([*PYTHON, client.url, search.id], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "0.5\n", "")


class Cell:
    """An output area as Jupyter's IPython keeps one, in place of a kernel, which is not installed here."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def display(self, drawn: Any, *, display_id: bool) -> "Cell":
        assert display_id
        self.update(drawn)
        return self

    def update(self, drawn: Any) -> None:
        self.shown.append(drawn._repr_html_())


def ipython(shell: object) -> tuple[Cell, ModuleType]:
    cell, module = Cell(), ModuleType("IPython")
    module.get_ipython = lambda: shell  # type: ignore[attr-defined]
    module.display = cell  # type: ignore[attr-defined]
    return cell, module


def test_in_a_notebook_a_table_is_drawn_again_where_it_stands(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cell, module = ipython(SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", module)
    search = client.submit(toy_spec(name="cells", trials=1))
    run_next(client, search.id, 0.5)

    search.wait()

    assert cell.shown[0] == ""
    assert "<b>cells</b>" in cell.shown[-1]
    assert "<td>0.5</td>" in cell.shown[-1]


def test_ipython_in_a_terminal_is_no_notebook(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cell, module = ipython(SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython", module)
    search = client.submit(toy_spec(trials=1))
    run_next(client, search.id, 0.5)

    search.wait()

    assert cell.shown == []
