"""Following a search, on a terminal and without one."""

import json
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from caviar import Client
from caviar.words import value_words
from tests.commands.running import Terminal, caviar, line_with, running
from tests.commands.screen import Screen

SHOW_CURSOR = "\x1b[?25h"


def last_board(terminal: Terminal) -> list[str]:
    """What stood on the screen before it was wiped."""
    return Screen(terminal.screen.partition(SHOW_CURSOR)[0]).lines


def test_submit_and_wait_in_a_pipe_says_progress_in_lines_and_prints_the_leaderboard(url: str, parabola: str) -> None:
    answer = caviar("submit", parabola, "--wait", "--url", url)

    assert answer.returncode == 0
    assert answer.stdout.split()[:3] == ["rank", "loss", "trial"]
    assert "40/40 finished, best " in answer.stderr
    assert "is completed after" in answer.stderr
    assert "\x1b" not in answer.stdout + answer.stderr


def test_submit_and_wait_on_a_terminal_draws_and_leaves_the_leaderboard(url: str, parabola: str) -> None:
    terminal = Terminal("submit", parabola, "--wait", "--url", url)

    assert terminal.read_to_end() == 0
    for drawn in ("active", "━━━", "40/40 finished", "round 19: ", "of a range around trial"):
        assert drawn in terminal.screen
    last = terminal.screen.rpartition(SHOW_CURSOR)[2]
    assert "rank" in last
    assert "━━━" not in last


def test_a_search_that_does_not_complete_ends_the_waiting_with_exit_code_1(
    url: str, client: Client, waiting_search: Callable[..., str], tmp_path: Path
) -> None:
    spec = client.search(waiting_search(name="doomed")).spec
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    with running("submit", str(tmp_path / "spec.json"), "--wait", "--url", url) as waiting:
        search = line_with(waiting, "is submitted").split()[1]
        caviar("cancel", search, "--url", url)

        assert line_with(waiting, "error: ") == f"error: search {search} (doomed) is cancelled"
        assert waiting.wait(10) == 1


def test_a_waiting_search_says_what_it_waits_for(url: str, waiting_search: Callable[..., str]) -> None:
    search = waiting_search()
    with running("top", search, "--watch", "--url", url) as watching:
        assert "nobody" in line_with(watching, "waits for: ")

    terminal = Terminal("top", search, "--watch", "--url", url)
    assert "0/5 finished, best none yet" in terminal.read_until("waits for: ")
    terminal.process.send_signal(signal.SIGINT)
    terminal.read_to_end()


def test_ctrl_c_leaves_one_sentence_on_the_screen_and_the_search_running(
    url: str, client: Client, waiting_search: Callable[..., str]
) -> None:
    search = waiting_search()
    terminal = Terminal("top", search, "--watch", "--url", url)
    terminal.read_until("━━━")

    terminal.process.send_signal(signal.SIGINT)

    assert terminal.read_to_end() == 130
    assert terminal.drawn.lines == [f"the search goes on; look again with: caviar top {search} --watch --url {url}"]
    assert terminal.drawn.is_cursor_shown
    assert client.search(search).state == "active"


def test_the_board_shows_leaderboard_best_so_far_box_and_workers(url: str, client: Client) -> None:
    space = {"x": {"low": 0.0, "high": 1.0}, "kind": {"values": ["a", "b"]}}
    spec = {"name": "board", "trainer": "by-hand", "metric": "loss", "goal": "minimize", "space": space, "parallel": 2}
    search = client.submit({**spec, "trials": 8})
    for _ in range(4):
        with search.ask() as trial:
            trial.finish(loss=trial.hyperparameters["x"])
    best = client.leaderboard(search.id).items[0]
    with search.ask() as trial:
        terminal = Terminal("top", search.id, "--watch", "--url", url)
        terminal.read_until("runs 1 trial")
        terminal.process.send_signal(signal.SIGINT)
        terminal.read_to_end()
        trial.finish(loss=2.0)

    lines = last_board(terminal)
    assert lines[0] == f"board  search {search.id}, active"
    assert lines[1].split() == ["rank", "loss", "trial", "x", "kind"]
    assert lines[3].split()[:3] == ["1", value_words(best.value), str(best.number)]
    assert any(f"4/8 finished, best {value_words(best.value)}" in line for line in lines)
    assert any("█" in line and f"→ {value_words(best.value)}" in line for line in lines)
    assert [line.split()[0] for line in lines if "╌" in line or line.endswith(("a|b", "0…1"))] == ["x", "kind"]
    assert any(line.startswith("ask-") and line.endswith("runs 1 trial") for line in lines)


def test_the_board_has_no_colours_where_nobody_wants_them(url: str, finished: str) -> None:
    coloured, plain = (
        Terminal("top", finished, "--watch", "--url", url, settings=settings) for settings in ({}, {"NO_COLOR": "1"})
    )
    assert (coloured.read_to_end(), plain.read_to_end()) == (0, 0)

    assert "\x1b[36m" in coloured.screen
    assert last_board(plain) == last_board(coloured)
    assert re.findall(r"\x1b\[(?:3|4|9|10)[0-9;]+m", plain.screen) == []


@pytest.mark.parametrize("size", [(24, 80), (15, 60)])
def test_a_small_terminal_is_never_overfilled(size: tuple[int, int], url: str, finished: str) -> None:
    terminal = Terminal("top", finished, "--watch", "--url", url, size=size)

    assert terminal.read_to_end() == 0
    board = last_board(terminal)
    assert any("40/40 finished" in line for line in board)
    assert len(board) < size[0]
    assert terminal.drawn.is_cursor_shown


def test_watching_survives_a_restart_of_the_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    serve = ("serve", "--port", port, "--data-dir", str(tmp_path))
    spec = {"trainer": "nobody", "metric": "loss", "goal": "minimize", "space": {"x": {"low": 0, "high": 1}}}
    with running(*serve) as server:
        url = line_with(server, "ready at").split()[-1]
        with Client(url) as client:
            search = client.submit(spec).id
        with running("top", search, "--watch", "--json", "--url", url) as watching:
            line_with(watching, "waits for: ")
            server.kill()
            assert line_with(watching, "no Caviar server answers").endswith("trying again")
            with running(*serve) as again:
                line_with(again, "ready at")
                line_with(watching, "the server answers again")
                caviar("cancel", search, "--url", url)

                assert watching.wait(10) == 0
                assert watching.stdout is not None
                assert json.loads(watching.stdout.read()) == {"items": [], "next": None}


def test_a_watched_search_that_has_ended_is_shown_at_once(url: str, finished: str) -> None:
    answer = caviar("top", finished, "--watch", "--url", url)

    assert answer.returncode == 0
    assert len(answer.stdout.splitlines()) == 11


def test_a_dumb_terminal_gets_plain_lines(url: str, finished: str) -> None:
    terminal = Terminal("top", finished, "--watch", "--url", url, settings={"TERM": "dumb"})

    assert terminal.read_to_end() == 0
    assert "40/40 finished" in terminal.screen
    assert "\x1b" not in terminal.screen
