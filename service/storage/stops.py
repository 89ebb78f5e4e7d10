"""Stopping rules in the transaction of the reports that they judge."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from caviar.numbers import to_wire
from caviar.states import AttemptOutcome, Origin, TrialState
from caviar.wire.protocol import TrialReport
from service import builtin
from service.lifecycle import score_of
from service.stopping.interface import WORST, Cutoff, Entry, is_stopped, rung_at
from service.stopping.registry import rule_for
from service.stopping.verdicts import told
from service.storage import rungs, trials
from service.storage.attempts import Endings, Held
from service.storage.database import Transaction
from service.storage.ledgers import Ledger
from service.storage.rungs import Reached


@dataclass(frozen=True)
class Stop:
    """A trial that goes no further, the step at which that was decided, and why."""

    held: Held
    step: int
    metrics: Mapping[str, float]
    verdict: str


class Referee:
    """Judges reports one by one, in their order. `concerned`: the live attempts that they are about."""

    def __init__(self, tx: Transaction, books: Mapping[int, Ledger], concerned: Collection[Held]) -> None:
        self._tx, self._books = tx, books
        found = {search_id: rule_for(ledger.search.definition.parsed.stopping) for search_id, ledger in books.items()}
        self._rules = {search_id: rule for search_id, rule in found.items() if rule is not None}
        judged = [held for held in concerned if held.search_id in self._rules]
        self._cutoffs = rungs.cutoffs(tx, {(held.search_id, held.round) for held in judged}) if judged else {}
        self._last = rungs.last(tx, {held.trial_id for held in judged}) if judged else {}
        self._reached: list[Reached] = []

    def judge(self, held: Held, report: TrialReport) -> Stop | None:
        """A report counts at the highest rung it has reached, and only there, if the trial was not there before.

        So one that skips several rungs is held against one cutoff, not one after the other with the same value.
        """
        step, entry = report.step, self._enter(held, report)
        if entry is None or step is None:
            return None
        cutoff = self._cutoffs.get((held.search_id, held.round), {}).get(entry.rung)
        if cutoff is None or not is_stopped(entry.score, cutoff) or self._is_at_its_end(held, step):
            return None
        return Stop(held, step, report.metrics, self._told(held, entry, cutoff, step=step))

    def _enter(self, held: Held, report: TrialReport) -> Entry | None:
        """The trial's entry at the rung that this report is the first to reach."""
        rule, search = self._rules.get(held.search_id), self._books[held.search_id].search
        # A confirmation is to say how good its hyperparameters are: it runs to its end and sets no measure.
        if rule is None or report.step is None or search.metric not in report.metrics or held.origin is Origin.CONFIRM:
            return None
        rung, last = rung_at(rule, report.step), self._last.get(held.trial_id)
        if rung is None or (last is not None and rung <= last.rung):
            return None
        value = report.metrics[search.metric]
        score = score_of(value, search.goal) if math.isfinite(value) else WORST
        entry = Entry(rung, rule.entry(score, before=WORST if last is None else last.score))
        self._last[held.trial_id] = entry
        self._reached.append(Reached(held.trial_id, held.search_id, held.number, held.round, entry))
        return entry

    def _is_at_its_end(self, held: Held, step: int) -> bool:
        """Stopping a trial at its last step would save nothing, and lose what it reports at its end."""
        search = self._books[held.search_id].search
        last = builtin.last_step(search.spec, trials.get(self._tx, held.trial_id).hyperparameters)
        return last is not None and step >= last

    def _told(self, held: Held, entry: Entry, cutoff: Cutoff, *, step: int) -> str:
        goal = self._books[held.search_id].search.goal
        measured = replace(entry, score=score_of(entry.score, goal))
        limit = replace(cutoff, score=score_of(cutoff.score, goal))
        return told(self._rules[held.search_id], measured, limit, step=step)

    def keep(self) -> None:
        """Store the entries that were made."""
        rungs.add(self._tx, self._reached)


def carry_out(endings: Endings, ledger: Ledger, stop: Stop) -> None:
    """The trial ends with the value of the report that decided."""
    endings.end(stop.held, AttemptOutcome.STOPPED)
    metrics = {name: to_wire(value) for name, value in stop.metrics.items()}
    endings.rank(ledger, stop.held, TrialState.STOPPED, metrics, stopped_step=stop.step, verdict=stop.verdict)
