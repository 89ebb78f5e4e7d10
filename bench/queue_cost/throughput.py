"""Ask and tell: trials per second of one client, of one that takes a hundred at a time, and of eight at once.

The sides take turns within a round, so that a disturbance longer than a round falls out of the median of its ratios.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median

from bench.queue_cost.caviar_side import CaviarSide
from bench.queue_cost.crew import Crew, Side
from bench.queue_cost.served import served
from bench.queue_cost.stores import NewStore

CLIENTS = 8
BATCH = 100
WAYS = {"one": (1, 1), "batch": (1, BATCH), "eight": (CLIENTS, 1)}
"""Way -> (clients, trials in a request)."""
CAVIAR, CLIENT, OPTUNA = "caviar", "caviar_client", "optuna"


@dataclass(frozen=True)
class Rates:
    """Trials per second: way -> side -> one for each round."""

    rounds: Mapping[str, Mapping[str, Sequence[float]]]

    def typical(self, way: str, side: str) -> float | None:
        """The median; None where the side was not measured."""
        rates = self.rounds[way].get(side)
        return median(rates) if rates else None

    def ratio(self, way: str) -> float | None:
        """How many times Optuna's rate ours is: the median over the rounds of the ratio within a round."""
        sides = self.rounds[way]
        return _median_ratio(sides[CAVIAR], sides[OPTUNA]) if OPTUNA in sides else None

    def eight_to_one(self) -> float:
        """What all of eight clients get done / what one alone does."""
        return _median_ratio(self.rounds["eight"][CAVIAR], self.rounds["one"][CAVIAR])


def _median_ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    return median(our / other for our, other in zip(ours, others, strict=True))


def has_optuna() -> bool:
    return find_spec("optuna") is not None


def rates(new_store: NewStore, *, rounds: int, seconds: float) -> Rates:
    """`seconds`: of each turn. Without Optuna where it is not installed."""
    with ExitStack() as stack:
        server = stack.enter_context(served(new_store("queue")))
        sides: dict[str, Side] = {CAVIAR: CaviarSide(server.url)}
        if has_optuna():
            from bench.peers.optuna_queue import created

            sides[OPTUNA] = created(new_store("optuna"))
        crews = {name: stack.enter_context(Crew(side, size=CLIENTS)) for name, side in sides.items()}
        crews[CLIENT] = stack.enter_context(Crew(CaviarSide(server.url, is_lean=False), size=1))
        turns = [(way, side) for way in WAYS for side in crews if side != CLIENT or way == "one"]
        found: dict[str, dict[str, list[float]]] = {way: {} for way in WAYS}
        for number in range(rounds):
            for way, side in turns if number % 2 == 0 else reversed(turns):
                clients, batch = WAYS[way]
                rate = crews[side].rate(clients=clients, batch=batch, seconds=seconds)
                found[way].setdefault(side, []).append(rate)
    return Rates(found)
