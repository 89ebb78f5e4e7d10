"""Following a search from outside, as a user of the HTTP interface does."""

import time
from collections.abc import Callable
from typing import Any

from caviar.client import Client
from caviar.states import SearchState
from caviar.wire.trials import LeaderboardRow, TrialDetail

LONGEST_SECONDS = 90.0


def wait_until(is_so: Callable[[], bool], *, seconds: float = LONGEST_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def wait_for_the_end(client: Client, *searches: str, seconds: float = LONGEST_SECONDS) -> None:
    """`seconds` for each."""
    for search in searches:
        wait_until(
            lambda search=search: client.search(search).state is not SearchState.ACTIVE,  # type: ignore[misc]
            seconds=seconds,
        )
        assert client.search(search).state is SearchState.COMPLETED


def trials(client: Client, search: str) -> list[TrialDetail]:
    """All of them, with their attempts, by number."""
    return [client.trial(trial.id) for trial in client.trials(search, limit=1000).items]


def leaderboard(client: Client, search: str) -> list[LeaderboardRow]:
    return client.leaderboard(search, limit=1000).items


def network_spec(**fields: Any) -> dict[str, Any]:
    """A search over small networks on real data."""
    space = {"learning_rate": {"low": 1e-4, "high": 1.0, "scale": "log"}, "hidden_units": {"values": [4, 8]}}
    plain = {"trainer": "mlp", "dataset": "iris", "metric": "dev_accuracy", "goal": "maximize", "space": space}
    return {**plain, "trials": 18, "parallel": 6, **fields, "space": {**space, **fields.get("space", {})}}
