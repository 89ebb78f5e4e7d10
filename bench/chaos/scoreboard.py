"""The scoreboard: one line that says what a run did to Caviar and what came of it, from the run's own figures."""

from collections.abc import Mapping
from typing import Any

_HARMS = {
    "worker_kill": "worker kill -9",
    "pause": "pauses > TTL",
    "server_kill": "server kill -9",
    "db_restart": "Postgres immediate restarts",
    "partition": "partitions",
    "drop_answer": "dropped responses",
}


def line(found: Mapping[str, Any]) -> str:
    """Of a run, of planted bugs (`planted_bugs_caught` of `planted_bugs`), or of both."""
    return "; ".join([*(_run(found) if "trials" in found else []), *_planted(found), *_origin(found)])


def _run(found: Mapping[str, Any]) -> list[str]:
    harms = [f"{found['faults'][kind]} {name}" for kind, name in _HARMS.items() if found["faults"].get(kind)]
    recovery = "/".join(_seconds(found["recovery_seconds"][part]) for part in ("p50", "p99", "max"))
    return [
        f"{found['trials']:,} trials · {found['workers']} workers · {' · '.join(harms)} -> "
        f"{found['results']:,} results, {found['lost']} lost, {found['duplicated']} duplicated, "
        f"{found['unexpected']} unexpected, {found['stuck']} stuck",
        f"{found['metrics_acked']:,} metrics acked, {found['metrics_acked_present']:,} present",
        f"{found['attempts']:,} attempts ({found['redone']:.1%} redone)",
        f"recovery p50/p99/max = {recovery} s at TTL {found['ttl_seconds']:g} s",
    ]


def _planted(found: Mapping[str, Any]) -> list[str]:
    if "planted_bugs" not in found:
        return []
    return [f"{found['planted_bugs_caught']}/{found['planted_bugs']} planted bugs caught"]


def _origin(found: Mapping[str, Any]) -> list[str]:
    if "trials" not in found:
        return []
    return [f"commit {found['commit']}, seed {found['seed']}, {found['database']}"]


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
