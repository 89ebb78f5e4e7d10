"""A search on SQLite, planned as the server plans it."""

from typing import Any

from caviar.states import TrialState
from service.planning import advance
from service.storage import rounds
from service.storage.claims import Grant
from service.storage.database import Database
from service.storage.records import RoundRecord, SearchRecord, TrialRecord
from tests.service.desk import Desk

SPACE = {
    "rate": {"low": 1e-4, "high": 1.0, "scale": "log"},
    "units": {"low": 10, "high": 100, "type": "int"},
    "kind": {"values": ["a", "b", "c"]},
    "depth": {"low": 0.0, "high": 1.0, "when": {"kind": ["a", "b"]}},
}


def score(hparams: Any) -> float:
    return float(abs(hparams["units"] - 40) / 60 + hparams["rate"] + (hparams["kind"] != "b"))


class Course:
    """A new search, or one that is already there."""

    def __init__(self, database: Database, *, search: int | None = None, **fields: Any) -> None:
        self.desk = Desk(database)
        new = {"sampler": "zoom", "space": SPACE} | fields
        self.id = self.desk.search(queued=0, **new) if search is None else search
        self.advance()

    def advance(self) -> bool:
        return bool(advance(self.desk.database, self.id, now=self.desk.now))

    @property
    def search(self) -> SearchRecord:
        return self.desk.read(self.id)

    def finish(self, *grants: Grant) -> None:
        for grant in grants:
            self.desk.finish(grant, score=score(grant.trial.hyperparameters))
        self.advance()

    def claim(self, count: int = 1) -> list[Grant]:
        return self.desk.claim(capacity=count)

    def rounds(self) -> list[RoundRecord]:
        with self.desk.database.read() as tx:
            return rounds.page(tx, self.id, limit=1000, after=None)

    def numbers(self) -> list[int]:
        """Of the first trial of each round."""
        return [made.first for made in self.rounds()]

    def open(self) -> int:
        counts = self.search.counts
        return counts[TrialState.QUEUED] + counts[TrialState.RUNNING]

    def run(self) -> list[TrialRecord]:
        """To the end of the search, as one worker would."""
        while grants := self.claim():
            self.finish(*grants)
        return self.desk.trials(self.id)
