"""What a run's numbers are: counted from its outcome, never assumed."""

import math
import platform
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.chaos import acknowledged, checker, losses
from bench.chaos.acts import Acts, Grant
from bench.chaos.findings import Finding
from bench.chaos.fleet import Harm
from bench.chaos.losses import Cause
from bench.chaos.run import Config, Outcome
from bench.chaos.server import LONGEST_STOP_SECONDS
from caviar import __version__
from caviar.states import OPEN_STATES


def figures(config: Config, outcome: Outcome, acts: Acts, findings: Sequence[Finding]) -> dict[str, Any]:
    trials = [trial for one in outcome.told for trial in one.trials]
    attempts = [attempt for trial in trials for attempt in trial.attempts]
    acked, present = acknowledged.metrics_acknowledged(acts), acknowledged.metrics_present(outcome.told)
    recovered = recoveries(outcome.harms, acts)
    outages = [(fault.began, fault.ended + _AFTERMATH_SECONDS) for fault in outcome.log if fault.kind in _OUTAGES]
    lost = losses.by_cause(
        losses.losses(trials, clock_offset=outcome.clock_offset),
        acts,
        outcome.harms,
        away=[(fault.began, fault.ended) for fault in outcome.log if fault.kind in _OUTAGES - {"partition"}],
        ttl_seconds=config.ttl_seconds,
    )
    return {
        "seed": config.seed,
        "trials": len(trials),
        "results": sum(trial.state not in OPEN_STATES for trial in trials),
        "states": dict(Counter(trial.state.value for trial in trials)),
        "workers": config.workers,
        "ttl_seconds": config.ttl_seconds,
        **checker.counted(findings),
        "faults": dict(sorted((Counter(fault.kind for fault in outcome.log) + Counter(outcome.proxied)).items())),
        "missed": dict(outcome.missed),
        "attempts": len(attempts),
        "redone": (len(attempts) - len(trials)) / max(len(trials), 1),
        "outcomes": dict(Counter(attempt.outcome.value for attempt in attempts)),
        "lost_of_unharmed_workers": lost[Cause.UNHARMED],
        "lost_of_drained_workers": lost[Cause.DRAINED],
        "lost_of_workers_cut_off": lost[Cause.CUT_OFF],
        "most_over_parallel": outcome.most_over_parallel,
        "metrics_acked": sum(map(len, acked.values())),
        "metrics_acked_present": sum(len(metrics) for key, metrics in acked.items() if present.get(key) == metrics),
        "metrics_present": sum(map(len, present.values())),
        "recovery_seconds": spread([back - killed for killed, back in recovered]),
        "recovery_undisturbed_seconds": spread(
            [back - killed for killed, back in recovered if not _overlaps(outages, killed, back)]
        ),
        "server_stop_seconds": spread(outcome.stop_seconds),
        "slow_stops": sum(seconds > LONGEST_STOP_SECONDS for seconds in outcome.stop_seconds),
        "worker_drain_seconds": spread(outcome.drain_seconds),
        "answers": {str(status): count for status, count in sorted(outcome.answered.items())},
        "server_tracebacks": dict(Counter(outcome.tracebacks)),
        "complaints": list(outcome.complaints),
        "seconds": outcome.seconds,
        "commit": commit(),
        "caviar": __version__,
        "python": platform.python_version(),
        "database": outcome.database,
    }


_OUTAGES = {"server_kill", "server_term", "db_restart", "partition"}
_AFTERMATH_SECONDS = 1.0
"""So long after an outage a worker may pause before it tries again: two heartbeats of the rig's workers."""


def _overlaps(spans: Sequence[tuple[float, float]], began: float, ended: float) -> bool:
    return any(first <= ended and last >= began for first, last in spans)


def recoveries(harms: Sequence[Harm], acts: Acts) -> list[tuple[float, float]]:
    """When a worker was killed, and the next claim of a trial that it held: for each that was claimed again."""
    grants: dict[str, list[Grant]] = {}
    for grant in acts.grants:
        grants.setdefault(grant.trial, []).append(grant)
    ended = {(word.trial, word.attempt, word.worker): word.at for word in acts.words if word.call == "finish"}
    found = []
    for harm in harms:
        for grant in acts.grants if harm.kind == "kill" else ():
            is_held = grant.worker == harm.worker and ended.get((grant.trial, grant.attempt, grant.worker)) is None
            later = [other.at for other in grants[grant.trial] if other.attempt > grant.attempt and other.at > harm.at]
            if is_held and later:
                found.append((harm.at, min(later)))
    return found


def spread(seconds: Sequence[float]) -> dict[str, float | int | None]:
    """Nearest-rank percentiles."""
    ordered = sorted(seconds)

    def percentile(share: float) -> float | None:
        return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None

    return {"count": len(ordered), "p50": percentile(0.5), "p99": percentile(0.99), "max": percentile(1.0)}


def commit() -> str:
    """Of the tree that this file stands in; `+` where it was changed since."""
    root = Path(__file__).parents[2]
    command = ["git", "-C", str(root), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def is_clean(found: Mapping[str, Any]) -> bool:
    """Nothing is wrong, and every bug that was planted was caught."""
    is_sound = not any(found.get(name) for name in ("lost", "duplicated", "unexpected", "stuck", "slow_stops"))
    return is_sound and found.get("planted_bugs_caught") == found.get("planted_bugs")
