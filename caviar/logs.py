"""What a server or a worker writes to stderr: lines for people, or JSON objects, one per line, for a log store.

    log.error("…", extra={"search": "7"})     the fields below become fields of the JSON line

Neither is given a query string, a body or a token: those who log say what happened, not what was sent.
"""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
FIELDS = ("search", "trial", "attempt", "worker", "request")
REQUEST: ContextVar[str | None] = ContextVar("request", default=None)
"""Method and path of the request at hand."""
_TALKATIVE = ("alembic", "httpx", "httpcore")
"""Libraries that tell of every step; httpx of every URL, with its query."""


def start(log_format: LogFormat, level: LogLevel, **always: str) -> None:
    """From now on the process logs like this. `always`: fields that are the same in all of its lines."""
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines(**always) if log_format == "json" else plain)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    def __init__(self, **always: str) -> None:
        super().__init__()
        self._always = always

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        line |= self._always | {"request": REQUEST.get()} | said
        line["exception"] = self.formatException(record.exc_info) if record.exc_info else None
        # ASCII, so that no half of a surrogate pair can fail the line that tells of it.
        return json.dumps({name: value for name, value in line.items() if value is not None}, default=str)
