"""Which trials a search gets next. Computed between two transactions, never while a lock or a connection is held.

Trials that depend on no result are the exception: they are drawn in the transaction that made room for them.

Three ways, by what the trials depend on:

stream  random, sobol, grid: on nothing but their place. One round as large as the budget, from which trials are drawn
        as places become free.
rounds  zoom, and every sampler under a stopping rule: on results. A round has max(1, parallel // 2) trials. Round r is
        due when every trial of the rounds up to r - 2 has finished (up to r - 1 when `parallel` is 1), and sees exactly
        those: so it does not matter how many workers there are or in which order they finish.
free    the same with `order: free`: a round fills the free places from whatever has finished, and never waits.

Several servers may plan the same step; it is stored by whoever comes first, and the others find it done.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, cast

from caviar.errors import FieldError
from caviar.space import Hyperparameters
from caviar.spec import Order, SearchSpec
from caviar.states import Origin, TrialState
from service import builtin
from service.samplers import box, confirmation
from service.samplers.interface import Ask, Independent, Plan, Suggestion
from service.samplers.registry import INDEPENDENT, SAMPLERS
from service.samplers.streams import trial_seed
from service.stopping.interface import cutoffs, to_json
from service.stopping.registry import rule_for
from service.storage import ledgers, rounds, rungs, searches
from service.storage.database import Database, Transaction
from service.storage.ledgers import Ledger
from service.storage.records import Draft, RoundRecord, SearchRecord
from service.storage.rounds import Memory, Step

log = logging.getLogger("caviar.service")


class Way(Enum):
    STREAM = "stream"
    ROUNDS = "rounds"
    FREE = "free"


@dataclass(frozen=True)
class View:
    """A search at one moment, with what the next step depends on."""

    search: SearchRecord
    spec: SearchSpec
    newest: RoundRecord | None = None
    memory: Memory = field(default_factory=Memory)
    entries: Mapping[int, Sequence[float]] = field(default_factory=dict)
    """What a stopping rule goes by: by rung, of the trials that the results are of."""


def way(spec: SearchSpec) -> Way:
    """Decisions of a stopping rule depend on results, even where the trials themselves do not."""
    if spec.sampler.name in INDEPENDENT and spec.stopping.name == "none":
        return Way.STREAM
    return Way.FREE if spec.sampler.order is Order.FREE else Way.ROUNDS


def depends_on_results(search: SearchRecord) -> bool:
    """Whether a result may make new trials due that `refill` did not draw."""
    return way(search.definition.parsed) is not Way.STREAM


def lag(parallel: int) -> int:
    """How many rounds back the results lie that a round is computed from."""
    return 1 if parallel == 1 else 2


@dataclass(frozen=True)
class Made:
    """What planning created; true when that is anything."""

    rounds: int = 0
    trials: int = 0
    steps: int = 0

    def plus(self, *, rounds: int, trials: int) -> "Made":
        return Made(self.rounds + rounds, self.trials + trials, self.steps + 1)

    def __bool__(self) -> bool:
        return self.steps > 0


def advance(database: Database, search_id: int, *, now: datetime) -> Made:
    """Create every trial that is due."""
    made = Made()
    while (view := look(database, search_id, now=now)) is not None:
        step = plan_step(view)
        if database.run(partial(rounds.take, search_id=search_id, step=step, now=now)):
            made = made.plus(rounds=int(step.round is not None), trials=len(step.drafts))
    return made


def refill(tx: Transaction, ledger: Ledger, *, now: datetime) -> None:
    """Draw the next trials of a locked search whose trials depend on no result: its free places need no second look.

    What fails here is left to the server's turn: the results that made the places free must not be lost with it.
    """
    if depends_on_results(ledger.search) or ledgers.ending(tx, ledger, now=now) is not None:
        return
    while (step := _next_of_stream(ledger.as_it_stands(), now=now)) is not None:
        rounds.put(tx, ledger, step, now=now)
        # Where the newest round held fewer than the free places, the others are a new round's.
        if step.round_left or not step.drafts:
            return


def _next_of_stream(search: SearchRecord, *, now: datetime) -> Step | None:
    """None where no place is free, and where it cannot be planned."""
    is_at_its_end = not search.is_open or search.next_number >= search.budget or search.is_overdue(now)
    if is_at_its_end or _places(search) <= 0:
        return None
    try:
        return plan_step(View(search, search.definition.parsed))
    except Exception:
        # The edge of a plan.
        about = {"search": str(search.id)}
        log.exception("search %d could not be planned; the next turn tries again", search.id, extra=about)
        return None


def look(database: Database, search_id: int, *, now: datetime) -> View | None:
    """None when nothing can be due."""
    with database.read() as tx:
        search = searches.find(tx, search_id)
        if search is None or not search.is_open or search.next_number >= search.budget or search.is_overdue(now):
            return None
        spec = search.definition.parsed
        going = way(spec)
        if going is not Way.ROUNDS and _places(search) <= 0:
            return None
        if going is Way.STREAM:
            return View(search, spec)
        newest = rounds.newest(tx, search)
        up_to = search.next_round - lag(search.parallel) if going is Way.ROUNDS else None
        if _left(search, spec) == 0 and confirmation.of_budget(spec.sampler, search.budget):
            up_to = search.next_round - 1  # the leaders of all points are run again, so all have to finish
        if up_to is not None and rounds.has_open(tx, search_id, up_to=up_to):
            return None
        rule = rule_for(spec.stopping)
        entries = {} if rule is None else rungs.scores(tx, search_id, rule, up_to=up_to)
        return View(search, spec, newest, rounds.memory(tx, search, up_to=up_to), entries)


def _left(search: SearchRecord, spec: SearchSpec) -> int | None:
    """How many points of a space that the budget exhausts are still to be drawn; None where there is no such end."""
    points = None if isinstance(SAMPLERS[spec.sampler.name], Independent) else spec.domain.points
    if points is None or points > search.budget or not spec.domain.varying:
        return None
    return max(points - (search.next_number - search.enqueued), 0)


def _places(search: SearchRecord) -> int:
    """How many trials may join those that are open."""
    taken = search.counts[TrialState.QUEUED] + search.counts[TrialState.RUNNING]
    return min(search.parallel - taken, search.budget - search.next_number)


def plan_step(view: View) -> Step:
    """The next step of a search that has places for it. Pure."""
    search = view.search
    match way(view.spec):
        case Way.ROUNDS:
            size = min(max(1, search.parallel // 2), search.budget - search.next_number)
            return _open_round(view, size=_with_last_point(view, size))
        case Way.FREE:
            return _open_round(view, size=_with_last_point(view, _places(search)))
        case Way.STREAM:
            return _draw_some(view)


def _with_last_point(view: View, size: int) -> int:
    """A round that has the last points of a space ends with them: what comes after waits for their results."""
    left, started = _left(view.search, view.spec), max(len(view.search.start) - view.search.next_number, 0)
    return min(size, left + started) if left else size


def _draw_some(view: View) -> Step:
    """The next trials of a stream, in a new round only where the budget has grown past the newest one."""
    search, places = view.search, _places(view.search)
    if search.next_round and search.round_left:
        count = min(places, search.round_left)
        return _step(view, _drawn(view, size=count), asked=count, left=search.round_left - count)
    size = search.budget - search.next_number
    plan = _plan(view, size=places)
    return _step(view, plan.suggestions, asked=places, left=size - places, opened=_round(view, plan, size=size))


def _open_round(view: View, *, size: int) -> Step:
    plan = _plan(view, size=size)
    opened = _round(view, plan, size=len(plan.suggestions))
    return _step(view, plan.suggestions, asked=size, left=0, opened=opened)


def _step(
    view: View, suggestions: Sequence[Suggestion], *, asked: int, left: int, opened: RoundRecord | None = None
) -> Step:
    """`left`: how many trials of the round are still to be drawn."""
    search = view.search
    number, round_ = search.next_number, search.next_round - (opened is None)
    drafts = [draft(search, made, number=number + i, round_=round_) for i, made in enumerate(suggestions)]
    is_last = len(drafts) < asked
    return Step(
        next_number=number,
        next_round=search.next_round,
        round=opened if drafts else None,
        drafts=drafts,
        round_left=0 if is_last else left,
        is_last=is_last,
    )


def _round(view: View, plan: Plan, *, size: int) -> RoundRecord:
    return RoundRecord(
        round=view.search.next_round,
        first=view.search.next_number,
        size=size,
        seen=view.memory.seen,
        reason=plan.reason,
        best=_best(plan, view),
        box=plan.box,
        state=plan.state,
        hints=plan.hints,
        cutoffs=_cutoffs(view),
    )


def _cutoffs(view: View) -> Mapping[str, Any] | None:
    """What the round's trials will be held against, whenever they report: None without a stopping rule."""
    rule = rule_for(view.spec.stopping)
    return None if rule is None else to_json(cutoffs(rule, view.entries))


def _best(plan: Plan, view: View) -> dict[str, float | int] | None:
    """The best result the plan saw, with its value as the user measures it."""
    if plan.best is None:
        return None
    score = next(result.score for result in view.memory.results if result.number == plan.best)
    assert score is not None
    return {"trial": plan.best, "value": score if view.search.goal == "minimize" else -score}


def draft(search: SearchRecord, made: Suggestion, *, number: int, round_: int) -> Draft:
    return Draft(
        number=number,
        round=round_,
        origin=made.origin,
        parent=made.parent,
        stack=builtin.stack(search.spec, made.hyperparameters),
        hyperparameters=made.hyperparameters,
        seed=trial_seed(seed=int(search.spec["seed"]), number=number),
    )


def _plan(view: View, *, size: int) -> Plan:
    """`size` trials: first those that the search was told to start with, then the sampler's."""
    given = _given(view, size)
    plan = suggest(_ask(view, given, size=size))
    return replace(plan, suggestions=[*given, *plan.suggestions])


def _drawn(view: View, *, size: int) -> Sequence[Suggestion]:
    """The same for a round that is open: of a plan only the trials."""
    given = _given(view, size)
    return [*given, *_independent(_ask(view, given, size=size))]


def _given(view: View, size: int) -> Sequence[Suggestion]:
    search = view.search
    start = search.start[search.next_number : search.next_number + size]
    return [Suggestion(hparams, Origin.ENQUEUED) for hparams in start]


def _ask(view: View, given: Sequence[Suggestion], *, size: int) -> Ask:
    search, memory = view.search, view.memory
    return Ask(
        space=view.spec.domain,
        spec=view.spec.sampler,
        seed=view.spec.seed,
        first=search.next_number + len(given),
        size=size - len(given),
        drawn=search.next_number - search.enqueued,
        budget=search.budget,
        results=memory.results,
        seen=memory.seen,
        pending=[*memory.pending, *(made.hyperparameters for made in given)],
        defaults=builtin.defaults(view.spec),
        state=None if view.newest is None else view.newest.state,
    )


def problems(spec: SearchSpec) -> Sequence[FieldError]:
    """Why the sampler cannot search the space."""
    sampler = SAMPLERS[spec.sampler.name]
    return sampler.problems(spec.domain) if isinstance(sampler, Independent) else []


def points(spec: SearchSpec) -> int | None:
    """After how many drawn trials there is nothing new to draw; None where there always is."""
    sampler = SAMPLERS[spec.sampler.name]
    if not spec.domain.varying:
        return None
    return sampler.points(spec.domain) if isinstance(sampler, Independent) else spec.domain.points


def suggest(ask: Ask) -> Plan:
    """What the sampler that the spec names makes of a round."""
    sampler = SAMPLERS[ask.spec.name]
    if not isinstance(sampler, Independent):
        return sampler.plan(ask)
    everywhere = box.document(ask.space, box.whole(ask.space))
    return Plan(_independent(ask), {}, everywhere, sampler.reason)


def _independent(ask: Ask) -> list[Suggestion]:
    sampler = cast(Independent, SAMPLERS[ask.spec.name])
    points = sampler.points(ask.space)
    end = ask.drawn + ask.size if points is None else min(ask.drawn + ask.size, points)
    places = range(ask.drawn, end)
    return [Suggestion(sampler.draw(ask.space, seed=ask.seed, place=place)) for place in places]


def preview(spec: SearchSpec, *, count: int, start: Sequence[Hyperparameters] = ()) -> list[Hyperparameters]:
    """What the first trials of a search with this spec would be, as far as they depend on no result."""
    ask = Ask(
        space=spec.domain,
        spec=spec.sampler,
        seed=spec.seed,
        first=0,
        size=count,
        drawn=0,
        budget=max(count, spec.trials),
        results=(),
        seen=0,
        pending=start,
        defaults=builtin.defaults(spec),
        state=None,
    )
    return [*start, *(made.hyperparameters for made in suggest(ask).suggestions)][:count]
