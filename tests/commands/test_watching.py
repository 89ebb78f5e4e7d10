"""Following a search, on a terminal and without one."""

import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from caviar import Client
from tests.commands.running import Terminal, caviar, line_with, running

SHOW_CURSOR = "\x1b[?25h"


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
    for drawn in ("active", "━━━", "40/40 finished", "round 19: x ", "of a range around trial"):
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


def test_ctrl_c_ends_the_watching_and_not_the_search(
    url: str, client: Client, waiting_search: Callable[..., str]
) -> None:
    search = waiting_search()
    terminal = Terminal("top", search, "--watch", "--url", url)
    terminal.read_until("━━━")

    terminal.process.send_signal(signal.SIGINT)

    assert terminal.read_to_end() == 130
    assert terminal.screen.rpartition(SHOW_CURSOR)[2].endswith(
        f"the search goes on; look again with: caviar top {search} --watch --url {url}\r\n"
    )
    assert client.search(search).state == "active"


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
