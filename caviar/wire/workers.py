"""A worker as the server knows it."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict

from caviar.wire.model import Answer, example

_WORKER: dict[str, Any] = {
    "name": "host-1",
    "alive": True,
    "trainers": ["mlp"],
    "capacity": 16,
    "running": ["31", "32"],
    "about": {"caviar": "0.1.0", "python": "3.11.7"},
    "first_seen_at": "2026-11-20T09:59:58Z",
    "seen_at": "2026-11-20T10:00:03Z",
}


class WorkerAnswer(Answer):
    """`alive`: it spoke lately, busy ones by reports, idle ones by claims. `running`: ids of the trials it holds."""

    name: str
    alive: bool
    trainers: list[str]
    capacity: int
    running: list[str]
    about: dict[str, Any]
    first_seen_at: datetime
    seen_at: datetime

    model_config = ConfigDict(json_schema_extra=example(_WORKER))


class WorkerPage(Answer):
    items: list[WorkerAnswer]
    next: str | None = None

    model_config = ConfigDict(json_schema_extra=example({"items": [_WORKER], "next": None}))


class Health(Answer):
    status: str
    version: str

    model_config = ConfigDict(json_schema_extra=example({"status": "ok", "version": "0.1.0"}))
