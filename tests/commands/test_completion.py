"""What a shell gets when somebody presses Tab, from the command as it is installed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CAVIAR = Path(sys.executable).with_name("caviar")


def bash(words: str, **settings: str) -> list[str]:
    """What bash would offer for the last word."""
    asked = {"_CAVIAR_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    answer = run(asked | settings)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()


def run(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run([CAVIAR, *arguments], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("caviar sub", ["submit"]),
        ("caviar db ", ["upgrade", "backup", "restore"]),
        ("caviar top --w", ["--watch"]),
        ("caviar export 1 --format ", ["csv", "json"]),
    ],
)
def test_commands_options_and_choices_are_offered(words: str, offered: list[str]) -> None:
    assert bash(words) == offered


def test_searches_are_offered_by_their_ids(url: str, waiting_search: Callable[..., str]) -> None:
    search = waiting_search(name="tabbed")

    assert search in bash("caviar top ", CAVIAR_URL=url)
    assert bash(f"caviar show --url {url} {search}") == [search]
    zsh = run({"_CAVIAR_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "caviar top ", "CAVIAR_URL": url}).stdout
    assert f'"{search}":"tabbed, active"' in zsh


def test_without_a_server_no_search_is_offered_and_nothing_is_said() -> None:
    assert bash("caviar top ", CAVIAR_URL="http://127.0.0.1:1") == []


INSTALLED = {
    "bash": ".bash_completions/caviar.sh",
    "fish": ".config/fish/completions/caviar.fish",
    "zsh": ".zfunc/_caviar",
}


@pytest.mark.parametrize("shell", INSTALLED)
def test_completion_installs_itself(shell: str, tmp_path: Path) -> None:
    # Otherwise it looks for the shell that it was started from.
    settings = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    answer = run(settings, "--install-completion", shell)

    assert answer.returncode == 0, answer.stderr
    assert f"_CAVIAR_COMPLETE=complete_{shell}" in (tmp_path / INSTALLED[shell]).read_text()
