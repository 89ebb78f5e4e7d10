"""JSON log lines, written and read back."""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from caviar import logs
from caviar.logs import REQUEST, JsonLines

log = logging.getLogger("caviar.test")


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def line(message: str = "said", *, always: dict[str, str] | None = None, **record: Any) -> dict[str, Any]:
    plain = {"name": "caviar.test", "levelname": "INFO", "msg": message, "created": 1.5}
    formatted = JsonLines(**(always or {})).format(logging.makeLogRecord(plain | record))
    assert "\n" not in formatted
    parsed: dict[str, Any] = json.loads(formatted)
    return parsed


def test_a_line_has_time_level_logger_and_message() -> None:
    assert line("%d of %d", args=(3, 4)) == {
        "time": "1970-01-01T00:00:01.500Z",
        "level": "info",
        "logger": "caviar.test",
        "message": "3 of 4",
    }


def test_fields_are_those_of_the_record_the_process_and_the_request() -> None:
    token = REQUEST.set("GET /v1/searches/7")
    found = line(search="7", trial="31", attempt=2, always={"worker": "ada"}, unknown="not a field of ours")
    REQUEST.reset(token)
    about = {name: found.get(name) for name in logs.FIELDS}
    assert about == {"search": "7", "trial": "31", "attempt": 2, "worker": "ada", "request": "GET /v1/searches/7"}
    assert "unknown" not in found
    assert "request" not in line()


def test_an_exception_is_one_field() -> None:
    try:
        raise ValueError("over\ntwo lines")
    except ValueError:
        found = line(exc_info=sys.exc_info())
    assert found["exception"].startswith("Traceback (most recent call last)")
    assert found["exception"].endswith("ValueError: over\ntwo lines")


def test_what_utf_8_cannot_say_does_not_fail_the_line() -> None:
    assert line("half: \ud83d")["message"] == "half: \ud83d"


def test_the_time_is_now(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start("json", "info")
    log.info("now")
    said = json.loads(capsys.readouterr().err)["time"]
    assert abs((datetime.now(UTC) - datetime.fromisoformat(said)).total_seconds()) < 5


def test_what_is_below_the_level_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start("text", "warning")
    log.info("too small")
    log.warning("large enough")
    written = capsys.readouterr().err
    assert written.endswith("WARNING caviar.test: large enough\n")
    assert written.count("\n") == 1


def test_libraries_that_tell_every_url_are_not_heard(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start("json", "debug")
    logging.getLogger("httpx").info("HTTP Request: GET http://host/?secret=1")
    assert capsys.readouterr().err == ""
