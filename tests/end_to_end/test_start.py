"""How soon a server answers and a worker claims, from the start of its process.

Other tests run meanwhile: the best of three counts, without the time in which they had all the processors.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from caviar.client import Client
from caviar.processes import stop
from tests.processes import Processes


def best_of_three(measure: Callable[[], float]) -> float:
    best = measure()
    for _ in range(2):
        if best >= 1.5:
            best = min(best, measure())
    return best


def waited_for_a_processor(pid: int) -> float:
    """Seconds in which the process could have run and others did, as far as the kernel tells."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def test_a_server_is_ready_within_a_second_and_a_half(processes: Processes, tmp_path: Path) -> None:
    def measure() -> float:
        """On an empty store, which it has to build first."""
        start = time.monotonic()
        server = processes.server(f"sqlite:///{tmp_path / f'caviar-{len(processes.servers)}.db'}")
        seconds = time.monotonic() - start - waited_for_a_processor(server.process.pid)
        stop([server.process])
        return seconds

    assert best_of_three(measure) < 1.5


def test_a_worker_makes_its_first_claim_within_a_second_and_a_half(processes: Processes, tmp_path: Path) -> None:
    server = processes.server(f"sqlite:///{tmp_path / 'caviar.db'}")

    def measure() -> float:
        start = datetime.now(UTC)
        worker = processes.worker(server.url)
        with Client(server.url) as client:
            seen = {known.about["pid"]: known.first_seen_at for known in client.workers().items}[worker.process.pid]
        seconds = (seen - start).total_seconds() - waited_for_a_processor(worker.process.pid)
        stop([worker.process])
        return seconds

    assert best_of_three(measure) < 1.5
