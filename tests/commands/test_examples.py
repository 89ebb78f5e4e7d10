import ast
import sys

from caviar import Client
from tests.commands.conftest import EXAMPLES

SOURCE = (EXAMPLES / "worker.py").read_text()


def test_the_example_worker_finishes_a_search(client: Client, finished: str) -> None:
    search = client.search(finished)

    assert (search.name, search.state, search.counts.completed) == ("parabola", "completed", 40)
    assert search.best is not None
    assert search.best.value < 5


def test_the_example_worker_has_at_most_40_lines_and_needs_only_httpx() -> None:
    imports = {name.name for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Import) for name in node.names}

    assert len(SOURCE.splitlines()) <= 40
    assert imports - sys.stdlib_module_names == {"httpx"}
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(ast.parse(SOURCE)))
