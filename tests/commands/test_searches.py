"""The commands that ask a server once."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from caviar import Client
from tests.commands.running import COMMAND, Terminal, caviar

Submit = Callable[..., str]

SPEC = "{name: mine, trainer: nobody, metric: loss, goal: minimize, space: {x: {low: 1e-4, high: 1, scale: log}}}"


def test_submit_prints_the_id_alone_and_says_how_to_watch(url: str, client: Client) -> None:
    answer = caviar("submit", "-", "--url", url, stdin=SPEC)

    assert answer.returncode == 0
    assert client.search(answer.stdout.rstrip("\n")).name == "mine"
    assert f"caviar top {answer.stdout.strip()} --watch --url {url}" in answer.stderr


def test_submit_prints_the_search_as_json(url: str) -> None:
    search = json.loads(caviar("submit", "-", "--url", url, "--json", stdin=SPEC).stdout)

    assert (search["state"], search["spec"]["space"]["x"]["low"]) == ("active", 1e-4)


def test_a_bad_spec_is_refused_with_every_field_that_is_wrong(url: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("metric: loss\ngoal: minimise\nspaec: {}\n")

    answer = caviar("submit", str(path), "--url", url)

    assert (answer.returncode, answer.stdout) == (2, "")
    assert "did you mean minimize?" in answer.stderr
    assert "did you mean space?" in answer.stderr


def test_the_server_comes_from_the_environment_where_no_flag_names_it(url: str, waiting_search: Submit) -> None:
    assert caviar("show", waiting_search(), settings={"CAVIAR_URL": url}).returncode == 0


def test_searches_lists_the_newest_first(url: str, waiting_search: Submit) -> None:
    older, newer = waiting_search(name="older"), waiting_search(name="newer")

    rows = [line.split() for line in caviar("searches", "--url", url).stdout.splitlines()]
    items = json.loads(caviar("searches", "--url", url, "--json", "--limit", "2").stdout)["items"]

    assert rows[0] == ["id", "name", "state", "progress", "best", "created"]
    assert [row[:3] for row in rows[1:3]] == [[newer, "newer", "active"], [older, "older", "active"]]
    assert [item["id"] for item in items] == [newer, older]


def test_show_tells_what_a_search_waits_for_and_its_spec(url: str, waiting_search: Submit) -> None:
    search = waiting_search()

    shown = dict(line.split(maxsplit=1) for line in caviar("show", search, "--url", url).stdout.splitlines())

    assert shown["state"] == "active"
    assert shown["waits"].startswith("for")
    assert "nobody" in shown["waits"]
    assert shown["x"].startswith("low 0, high 1")
    assert shown["kind"] == "constant"
    assert json.loads(caviar("show", search, "--url", url, "--json").stdout)["id"] == search


def test_pause_resume_and_cancel_change_the_state(url: str, client: Client, waiting_search: Submit) -> None:
    search = waiting_search()
    for command, state in [("pause", "paused"), ("resume", "active"), ("cancel", "cancelled")]:
        answer = caviar(command, search, "--url", url)

        assert (answer.returncode, answer.stdout) == (0, "")
        assert answer.stderr == f"search {search} (waiting) is {state}\n"
        assert client.search(search).state == state


def test_a_search_that_has_ended_cannot_be_paused(url: str, waiting_search: Submit) -> None:
    search = waiting_search()
    caviar("cancel", search, "--url", url)

    answer = caviar("pause", search, "--url", url)

    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")


@pytest.mark.parametrize("command", ["show", "top", "pause", "resume", "cancel", "export", "importances", "repeat"])
def test_an_unknown_search_ends_with_exit_code_3(command: str, url: str) -> None:
    answer = caviar(command, "987654", "--url", url)

    assert (answer.returncode, answer.stdout) == (3, "")
    assert answer.stderr.startswith("error: there is no search 987654")


def test_top_and_export_agree_on_the_leaderboard(url: str, finished: str) -> None:
    top = json.loads(caviar("top", finished, "--limit", "3", "--json", "--url", url).stdout)["items"]
    as_json = json.loads(caviar("export", finished, "--format", "json", "--url", url).stdout)["items"]
    as_csv = list(csv.DictReader(io.StringIO(caviar("export", finished, "--format", "csv", "--url", url).stdout)))

    assert [row["rank"] for row in as_json] == list(range(1, 41))
    assert top == as_json[:3]
    assert [row["id"] for row in as_csv] == [row["id"] for row in as_json]
    assert [float(row["value"]) for row in as_csv] == [row["value"] for row in as_json]


@pytest.mark.parametrize("file_format", ["csv", "json"])
def test_export_into_a_file_shows_a_bar_on_the_terminal_and_wipes_it(
    file_format: str, url: str, finished: str, tmp_path: Path
) -> None:
    with (tmp_path / "trials").open("w") as file:
        terminal = Terminal("export", finished, "--format", file_format, "--url", url, stdout=file)
        assert terminal.read_to_end() == 0

    assert "trials" in terminal.screen
    assert "40/40" in terminal.screen
    assert terminal.drawn.lines == [""]
    alone = caviar("export", finished, "--format", file_format, "--url", url)
    assert (tmp_path / "trials").read_text() == alone.stdout
    assert alone.stderr == ""


def test_export_as_json_has_a_short_form(url: str, finished: str) -> None:
    assert (
        caviar("export", finished, "--json", "--url", url).stdout
        == caviar("export", finished, "--format", "json", "--url", url).stdout
    )


def test_extend_sets_the_trials_a_search_may_have(url: str, client: Client, waiting_search: Submit) -> None:
    search = waiting_search()

    answer = caviar("extend", search, "--to", "9", "--url", url)
    as_json = json.loads(caviar("extend", search, "--to", "11", "--url", url, "--json").stdout)

    assert answer.stderr == f"search {search} (waiting) is active, with 9 trials in all\n"
    assert (answer.returncode, as_json["trials"], client.search(search).answer.trials) == (0, 11, 11)
    assert caviar("extend", search, "--to", "1", "--url", url).returncode == 2


@pytest.mark.parametrize("command", ["searches", "top", "show", "export", "importances"])
def test_a_reader_that_leaves_early_sees_no_error(command: str, url: str, finished: str) -> None:
    arguments = [command, "--url", url] + ([finished] if command != "searches" else [])
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert b"rror" not in process.stderr.read()


def test_the_json_of_an_empty_leaderboard_is_whole(url: str, waiting_search: Submit) -> None:
    answer = caviar("export", waiting_search(), "--format", "json", "--url", url)

    assert json.loads(answer.stdout) == {"items": [], "next": None}


def test_top_shows_the_parameters_that_vary(url: str, finished: str) -> None:
    lines = caviar("top", finished, "--url", url).stdout.splitlines()

    assert lines[0].split() == ["rank", "loss", "trial", "x", "y"]
    assert len(lines) == 11


def test_importances_are_a_table_on_stdout_and_a_sentence_on_stderr(url: str, finished: str) -> None:
    answer = caviar("importances", finished, "--url", url)
    as_json = json.loads(caviar("importances", finished, "--json", "--url", url).stdout)

    lines = answer.stdout.splitlines()
    assert lines[0].split() == ["parameter", "importance", "trials"]
    assert [line.split()[:3] for line in lines[1:]] == [
        [item["parameter"], f"{item['importance']:.3f}", "40"] for item in as_json["items"]
    ]
    assert {item["parameter"] for item in as_json["items"]} == {"x", "y"}
    assert answer.stderr.startswith("one by one they explain ")


def test_importances_of_a_search_without_results_are_a_sentence(url: str, waiting_search: Submit) -> None:
    answer = caviar("importances", waiting_search(), "--url", url)

    assert (answer.returncode, answer.stdout) == (0, "")
    assert answer.stderr == "importances need 10 results; there are 0 so far\n"


def test_no_color_is_respected_on_a_terminal(url: str, waiting_search: Submit) -> None:
    waiting_search()
    terminal = Terminal("searches", "--url", url, settings={"NO_COLOR": "1"})

    assert terminal.read_to_end() == 0
    assert "waiting" in terminal.screen
    assert "\x1b[3" not in terminal.screen
