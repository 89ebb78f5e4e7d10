"""Which trials a search gets next. Computed between two transactions, never while a lock or a connection is held.

A sampler that waits (zoom) works in rounds of max(1, parallel // 2) trials. Round r is due when every trial of the
rounds up to r - 2 has finished (up to r - 1 when `parallel` is 1), and sees exactly those: so it does not matter how
many workers there are or in which order they finish. One that does not wait (random) has a single round as large as
the budget, from which trials are drawn as places become free.

Several servers may plan the same step; it is stored by whoever comes first, and the others find it done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from caviar.space import Hyperparameters
from caviar.spec import SearchSpec
from caviar.states import Origin, TrialState
from service import builtin
from service.samplers.interface import Plan, Result
from service.samplers.registry import sampler_for
from service.samplers.streams import trial_seed
from service.storage import rounds, searches
from service.storage.database import Database
from service.storage.records import Draft, RoundRecord, SearchRecord
from service.storage.rounds import Step


@dataclass(frozen=True)
class View:
    """A search at one moment, with what the next step depends on."""

    search: SearchRecord
    newest: RoundRecord | None
    results: Sequence[Result]

    @cached_property
    def spec(self) -> SearchSpec:
        return SearchSpec.model_validate(self.search.spec)


def lag(parallel: int) -> int:
    """How many rounds back the results lie that a round is computed from."""
    return 1 if parallel == 1 else 2


def advance(database: Database, search_id: int, *, now: datetime) -> bool:
    """Create every trial that is due. True when there was one."""
    is_changed = False
    while (view := _look(database, search_id, now=now)) is not None:
        step = plan_step(view)
        if step is None:
            return is_changed
        with database.write() as tx:
            is_changed |= rounds.take(tx, search_id, step, now=now)
    return is_changed


def _look(database: Database, search_id: int, *, now: datetime) -> View | None:
    """None when nothing can be due."""
    with database.read() as tx:
        search = searches.find(tx, search_id)
        if search is None or not search.is_open or search.next_number >= search.budget or search.is_overdue(now):
            return None
        spec = SearchSpec.model_validate(search.spec)
        if not sampler_for(spec.sampler).waits:
            return View(search, rounds.newest(tx, search), ())
        seen = search.next_round - lag(search.parallel)
        if rounds.has_open(tx, search_id, up_to=seen):
            return None
        return View(search, None, rounds.results(tx, search_id, up_to=seen))


def plan_step(view: View) -> Step | None:
    """The next step of a search, or None when every place is taken. Pure."""
    search, spec = view.search, view.spec
    sampler = sampler_for(spec.sampler)
    remaining = search.budget - search.next_number
    if sampler.waits:
        size = min(max(1, search.parallel // 2), remaining)
        return _open_round(view, size=size, count=size)
    taken = search.counts[TrialState.QUEUED] + search.counts[TrialState.RUNNING]
    count = min(search.parallel - taken, remaining)
    if count <= 0:
        return None
    if view.newest is None or not search.round_left:
        return _open_round(view, size=remaining, count=count)
    count = min(count, search.round_left)
    return Step(
        next_number=search.next_number,
        next_round=search.next_round,
        round=None,
        drafts=_draw(view, view.newest, count=count),
        round_left=search.round_left - count,
    )


def preview(spec: SearchSpec, *, count: int) -> list[Hyperparameters]:
    """What the first trials of a search with this spec would be, as far as they depend on no result."""
    sampler, space = sampler_for(spec.sampler), spec.domain
    state = sampler.plan(space, ()).state
    return [sampler.draw(space, state, seed=spec.seed, number=number) for number in range(count)]


def _open_round(view: View, *, size: int, count: int) -> Step:
    """A new round of `size` trials, of which the first `count` are drawn now."""
    search, spec = view.search, view.spec
    plan = sampler_for(spec.sampler).plan(spec.domain, view.results)
    opened = RoundRecord(
        round=search.next_round,
        first=search.next_number,
        size=size,
        seen=plan.seen,
        reason=plan.reason,
        best=_best(plan, view),
        box=plan.box,
        state=plan.state,
    )
    return Step(
        next_number=search.next_number,
        next_round=search.next_round,
        round=opened,
        drafts=_draw(view, opened, count=count),
        round_left=size - count,
    )


def _draw(view: View, round_: RoundRecord, *, count: int) -> list[Draft]:
    spec, first = view.spec, view.search.next_number
    sampler, space = sampler_for(spec.sampler), spec.domain
    drafts = []
    for number in range(first, first + count):
        hparams = sampler.draw(space, round_.state, seed=spec.seed, number=number)
        drafts.append(draft(view.search, hparams, number=number, round_=round_.round, origin=Origin.SAMPLED))
    return drafts


def draft(search: SearchRecord, hparams: Hyperparameters, *, number: int, round_: int, origin: Origin) -> Draft:
    seed = trial_seed(seed=int(search.spec["seed"]), number=number)
    return Draft(number, round_, origin, builtin.stack(search.spec, hparams), hparams, seed)


def _best(plan: Plan, view: View) -> dict[str, float | int] | None:
    """The best result the plan saw, with its value as the user measures it."""
    if plan.best is None:
        return None
    score = next(result.score for result in view.results if result.number == plan.best)
    assert score is not None
    return {"trial": plan.best, "value": score if view.search.goal == "minimize" else -score}
