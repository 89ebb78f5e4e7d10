"""What is said where nobody sits at a keyboard."""

import json

from tests.commands.running import caviar

AS_JSON = {"CAVIAR_LOG_FORMAT": "json"}


def test_what_ends_a_worker_is_a_line_of_its_json_log() -> None:
    answer = caviar("worker", "nowhere", "--name", "ada", settings=AS_JSON)

    line = json.loads(answer.stderr)
    assert answer.returncode == 2
    assert (line["level"], line["logger"], line["worker"]) == ("error", "caviar.worker", "ada")
    assert line["message"].startswith("error: 'nowhere' is no address of a server")


def test_other_commands_speak_to_people_whatever_the_log_is() -> None:
    answer = caviar("searches", "--url", "http://127.0.0.1:1", settings=AS_JSON)

    assert answer.stderr.startswith("error: no Caviar server answers")


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    answer = caviar("searches", settings={"CAVIAR_LOG_FORMAT": "xml"})

    assert answer.returncode == 2
    assert "CAVIAR_LOG_FORMAT" in answer.stderr
    assert "json" in answer.stderr
