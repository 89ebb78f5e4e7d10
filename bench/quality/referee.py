"""A stopping rule as the server applies it, without a server: cutoffs of a round, fixed when it is planned."""

from collections import defaultdict
from collections.abc import Sequence

from bench.quality.ours import Planner, Round
from caviar.space import Hyperparameters
from service.stopping.interface import WORST, Cutoff, Entry, Rule, cutoffs, is_stopped, rung_at


class Referee:
    """Judges reports. `exempt`: numbers of trials that are not judged and set no measure; it may grow."""

    def __init__(self, rule: Rule | None, *, exempt: set[int]) -> None:
        self._rule = rule
        self._exempt = exempt
        self._cutoffs: dict[int, dict[int, Cutoff]] = {}
        self._entries: dict[int, list[Entry]] = defaultdict(list)

    def begin(self, asked: Round) -> None:
        """A round's trials are held against those whose results it may see."""
        if self._rule is None:
            return
        found: dict[int, list[float]] = defaultdict(list)
        for result in asked.results:
            for entry in self._entries[result.number]:
                found[entry.rung].append(entry.score)
        self._cutoffs |= dict.fromkeys(asked.numbers, cutoffs(self._rule, found))

    def stops(self, number: int, step: int, score: float) -> bool:
        """Whether the trial goes no further. `score`: lower is better, WORST if it is not finite."""
        if self._rule is None or number in self._exempt:
            return False
        rung, mine = rung_at(self._rule, step), self._entries[number]
        if rung is None or (mine and rung <= mine[-1].rung):
            return False
        entry = Entry(rung, self._rule.entry(score, before=mine[-1].score if mine else WORST))
        mine.append(entry)
        return is_stopped(entry.score, self._cutoffs[number].get(rung))


class Refereed:
    """A planner whose rounds are announced to a referee."""

    def __init__(self, planner: Planner, referee: Referee) -> None:
        self._planner = planner
        self._referee = referee

    def __call__(self, asked: Round) -> Sequence[Hyperparameters]:
        self._referee.begin(asked)
        return self._planner(asked)
