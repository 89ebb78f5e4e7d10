"""How much of each fault a run is to see, and when: spread over its trials, in an order that a seed fixes."""

import random
from dataclasses import asdict, dataclass, fields
from typing import Self

FIRST, LAST = 0.03, 0.85
"""The shares of the trials between which faults begin."""


@dataclass(frozen=True)
class Targets:
    """How often each fault is to happen. `dropped`: answers; the other kinds of the proxy come from it."""

    worker_kills: int
    worker_terms: int
    pauses: int
    server_kills: int
    server_terms: int
    db_restarts: int
    partitions: int
    dropped: int
    enqueues: int
    cancels: int

    @classmethod
    def usual(cls, trials: int, *, has_server_of_its_own: bool) -> Self:
        """`has_server_of_its_own`: the database is one that can be restarted."""
        return cls(
            worker_kills=max(4, trials // 50),
            worker_terms=max(2, trials // 200),
            pauses=max(2, trials // 250),
            server_kills=max(2, trials // 500),
            server_terms=max(1, trials // 500),
            db_restarts=max(1, trials // 2000) if has_server_of_its_own else 0,
            partitions=max(2, trials // 160),
            dropped=max(10, trials // 20),
            enqueues=max(4, trials // 100),
            cancels=max(6, trials // 50),
        )

    def counted(self) -> dict[str, int]:
        return asdict(self)


TIMES_PER_DROPPED = {
    "drop_request": 0.4,
    "cut_answer": 0.4,
    "delay": 0.4,
    "duplicate": 0.4,
    "reorder": 0.3,
    "late": 0.3,
}
"""How often the proxy's other faults happen for each dropped answer."""


@dataclass(frozen=True, order=True)
class Fault:
    """What happens as soon as this share of all trials has ended."""

    progress: float
    kind: str


def schedule(targets: Targets, *, seed: int) -> list[Fault]:
    """In the order in which they happen."""
    chance = random.Random(f"plan/{seed}")
    kinds = [kind for field in fields(targets) if field.name != "dropped" for kind in _of(targets, field.name)]
    proxied = {"drop_answer": targets.dropped}
    proxied |= {kind: round(share * targets.dropped) for kind, share in TIMES_PER_DROPPED.items()}
    kinds += [kind for kind, count in proxied.items() for _ in range(count)]
    return sorted(Fault(_moment(kind, chance), kind) for kind in kinds)


def _of(targets: Targets, name: str) -> list[str]:
    """`worker_kills` of 3: three times `worker_kill`."""
    return [name.removesuffix("s")] * int(getattr(targets, name))


def _moment(kind: str, chance: random.Random) -> float:
    # Later on every number of a search may be taken, and the answer to an enqueue is that its budget is used.
    return chance.uniform(0.0, 0.3) if kind == "enqueue" else chance.uniform(FIRST, LAST)
