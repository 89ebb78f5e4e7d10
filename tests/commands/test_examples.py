import ast
import subprocess
import sys
from xml.etree import ElementTree

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


def test_the_example_picture_shows_every_round_and_trial_of_each_parameter(client: Client, finished: str) -> None:
    command = [sys.executable, str(EXAMPLES / "zoom_picture.py"), client.url, finished]
    drawn = ElementTree.fromstring(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    names = {text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    reasons = [title.text for title in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert {"x", "y"} <= names
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == 2 * 40
    assert reasons == 2 * [round_.reason for round_ in client.rounds(finished).items]
