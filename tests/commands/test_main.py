import re
import resource
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from caviar import __version__
from caviar.commands.main import COMMANDS
from tests.commands.running import COMMAND, Terminal, caviar, interrupt

NAMES = sorted(example.split()[1] for _, example in COMMANDS)


def test_help_answers_in_under_0_3_seconds() -> None:
    def cpu_seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        caviar("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # It waits for nothing, so this is its time on a machine that does nothing else, as a machine that tests never is.
    assert min(cpu_seconds() for _ in range(3)) < 0.3


def test_reading_the_commands_loads_nothing_heavy() -> None:
    heavy = {"alembic", "fastapi", "httpx", "numpy", "pydantic", "rich", "sqlalchemy", "yaml"}
    code = f"import sys, caviar.commands.main; print(*sorted({heavy!r} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded == "\n"


def test_help_lists_every_command() -> None:
    help_text = caviar("--help").stdout

    assert [name for name in [*NAMES, "db"] if not re.search(rf"^  {name} ", help_text, re.MULTILINE)] == []
    assert "..." not in help_text.partition("Commands:")[2]


def test_a_bare_caviar_shows_the_help() -> None:
    assert caviar().stdout == caviar("--help").stdout


@pytest.mark.parametrize("name", [*NAMES, "db upgrade", "db backup", "db restore"])
def test_the_help_of_a_command_shows_an_example(name: str) -> None:
    answer = caviar(*name.split(), "--help")

    assert answer.returncode == 0
    assert f"Example: caviar {name}" in answer.stdout


@pytest.mark.parametrize("name", [*NAMES, "db upgrade", "db backup", "db restore"])
def test_every_command_can_print_json(name: str) -> None:
    assert "--json" in caviar(*name.split(), "--help").stdout


def test_the_version_is_printed() -> None:
    assert caviar("--version").stdout == f"caviar {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["submitt", "spec.yaml"], "error: no such command 'submitt'. Did you mean 'submit'?\n"),
        (["submit", "spec.yaml", "--wiat"], "error: no such option: --wiat; did you mean --wait?\n"),
        (["submit"], "error: missing argument 'SPEC'; python -m caviar submit --help explains\n"),
        (["db"], "error: missing command; python -m caviar db --help explains\n"),
        (["serve", "--port", "65536"], "error: invalid value for '--port'"),
        (
            ["export", "1", "--format", "cvs"],
            "error: invalid value for '--format': 'cvs' is not known; did you mean csv?",
        ),
        (["db", "upgrad"], "error: no such command 'upgrad'. Did you mean 'upgrade'?\n"),
        (["top", "1", "--limit", "0"], "error: invalid value for '--limit': must be greater than or equal to 1; "),
        (["submit", "none.yaml"], "error: none.yaml cannot be read: No such file or directory\n"),
    ],
)
def test_a_wrong_command_line_gets_one_sentence(arguments: list[str], sentence: str) -> None:
    answer = caviar(*arguments)

    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith(sentence)
    assert answer.stderr.count("\n") == 1


def test_a_wrong_setting_gets_one_sentence() -> None:
    answer = caviar("searches", settings={"CAVIAR_PORT": "many"})

    assert answer.returncode == 2
    assert answer.stderr.startswith("error: the setting port (CAVIAR_PORT) ")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["searches"], ["top", "1", "--watch"], ["show", "1"], ["export", "1"]])
def test_without_a_server_the_exit_code_is_5_and_the_sentence_says_how_to_start_one(arguments: list[str]) -> None:
    answer = caviar(*arguments, "--url", "http://127.0.0.1:1")

    assert (answer.returncode, answer.stdout) == (5, "")
    assert answer.stderr.startswith("error: no Caviar server answers at http://127.0.0.1:1")
    assert answer.stderr.endswith("start one with: caviar up\n")


class _NoCaviar(BaseHTTPRequestHandler):
    """Answers 200 with an HTML page, as whatever else listens on the port would."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: object) -> None:
        """Not on the test's stderr."""


@pytest.fixture(scope="module")
def no_caviar_url() -> str:
    server = HTTPServer(("127.0.0.1", 0), _NoCaviar)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def test_an_unexpected_error_is_one_sentence(no_caviar_url: str) -> None:
    answer = caviar("searches", "--url", no_caviar_url)

    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(("flags", "verbose"), [(["-v"], ""), (["--verbose"], ""), ([], "1")])
def test_a_verbose_error_has_its_traceback(flags: list[str], verbose: str, no_caviar_url: str) -> None:
    answer = caviar(*flags, "searches", "--url", no_caviar_url, settings={"CAVIAR_VERBOSE": verbose})

    assert answer.stderr.startswith("Traceback")
    assert answer.stderr.splitlines()[-1].startswith("error: ")


def test_ctrl_c_ends_any_command_without_a_word() -> None:
    terminal = Terminal("submit", "-")
    time.sleep(1.0)
    interrupt(terminal.process)

    assert terminal.read_to_end() == 130
    assert terminal.drawn.lines in ([""], ["^C"])


def test_a_reader_that_leaves_early_sees_no_error() -> None:
    with subprocess.Popen([*COMMAND, "hyperparameters"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert process.stderr.read() == b""
