"""The planted bugs: for each, a scenario that is silent at a sound server and must speak at one with the bug."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.chaos import power, scenarios
from bench.chaos.scenarios import Scenario
from bench.chaos.server import Server
from bench.chaos.site import TTL_SECONDS, Site
from caviar.client import Client
from caviar.errors import CaviarError

BUGS: dict[int, Scenario] = dict(
    enumerate(
        (
            scenarios.no_token_check,
            scenarios.no_attempt_check,
            scenarios.attempt_not_raised,
            scenarios.sweep_without_recheck,
            scenarios.sweep_after_restart,
            scenarios.answer_before_commit,
            scenarios.synchronous_off,
            scenarios.claim_without_state_check,
            scenarios.replay_gives_new_trials,
            scenarios.finish_not_idempotent,
            scenarios.budget_outside_transaction,
            scenarios.salvage_after_reclaim,
            scenarios.lost_report_accepted,
            scenarios.cancel_overwrites_finish,
        ),
        start=1,
    )
)
"""By their numbers; a scenario's name is its bug's."""


@dataclass(frozen=True)
class Verdict:
    number: int
    bug: str
    sound: Sequence[str]
    """What was wrong without the bug: must be nothing."""
    planted: Sequence[str]
    """What was wrong with it: must be something."""

    @property
    def is_caught(self) -> bool:
        return bool(self.planted) and not self.sound


def judge(number: int) -> Verdict:
    name = BUGS[number].__name__
    return Verdict(number, name, sound=play(BUGS[number], bug=None), planted=play(BUGS[number], bug=name))


def play(scenario: Scenario, *, bug: str | None) -> list[str]:
    """What goes wrong, in sentences. An error that no sound server gives is one of them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="caviar-planted-")))
        database = folder / "caviar.db"
        env = power.preload(folder) if scenario is scenarios.synchronous_off else {}
        server = Server(f"sqlite:///{database}", folder, ttl_seconds=TTL_SECONDS, bug=bug, env=env)
        stack.callback(server.close)
        server.start()
        client = stack.enter_context(Client(server.url, timeout=10.0))
        found = list[str]()
        try:
            found.extend(scenario(Site(server, client, database)))
        except (CaviarError, TimeoutError) as error:
            found.append(f"{type(error).__name__}: {error}")
        return found
