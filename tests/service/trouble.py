"""What goes wrong in a simulated world: on the network, with workers and servers, and in the middle of a request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from service.storage.database import Database, Transaction

Found = TypeVar("Found")


@dataclass(frozen=True)
class Trouble:
    """What goes wrong until `seconds` have passed; after that nothing does."""

    seconds: float = 240.0
    dropped: float = 0.05
    unanswered: float = 0.05
    """Carried out, and the answer lost."""
    repeated: float = 0.1
    late: float = 0.05
    every_seconds: float = 12.0
    """So often something happens to a worker or a server."""


PEACE = Trouble(seconds=0.0)


class ServerDied(BaseException):
    """No `except Exception` of a server holds it up: a dead process handles nothing."""


class Mortal(Database):
    """A server's way to the database that all share. The server may die on it: before a commit or right after one."""

    def __init__(self, shared: Database) -> None:
        self._shared = shared
        self.is_dying: bool | None = None

    def die(self, *, after_commit: bool) -> None:
        """At the next write."""
        self.is_dying = after_commit

    def run(self, work: Callable[[Transaction], Found]) -> Found:
        dying = self.is_dying

        def dies_before_commit(tx: Transaction) -> Found:
            work(tx)
            raise ServerDied

        found = self._shared.run(dies_before_commit if dying is False else work)
        if dying:
            raise ServerDied
        return found

    async def written(self, work: Callable[[Transaction], Found]) -> Found:
        return self.run(work)

    def read(self) -> Any:
        return self._shared.read()
