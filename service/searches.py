"""What a user does to searches and trials, as transactions: create, change, enqueue, cancel, delete."""

from datetime import datetime
from typing import Any

from caviar.errors import BudgetUsed, InvalidRequest, InvalidSpec, SearchEnded
from caviar.numbers import LARGEST_INTEGER
from caviar.spec import SearchSpec
from caviar.states import OPEN_SEARCH_STATES, Origin, SearchState
from caviar.validation import one_sentence
from caviar.wire.searches import SearchChange
from service import beginnings, builtin
from service.changes import QUEUE, events, ranking
from service.context import Service
from service.planning import Way, advance, draft, lag, points, preview, problems, way
from service.queue import follow_up
from service.samplers.interface import Suggestion
from service.storage import idempotency, ledgers, rounds, searches, trials
from service.storage.database import Transaction
from service.storage.ledgers import Ledger
from service.storage.records import SearchRecord, TrialRecord

_SUBMIT = "POST /v1/searches"


def create(
    service: Service, spec: SearchSpec, *, idempotency_key: str | None, repeats: SearchRecord | None = None
) -> SearchRecord:
    """`repeats`: the search whose start this one has, whatever became of where that came from.

    Raises InvalidSpec, IdempotencyMismatch.
    """
    check(spec)
    now = service.now()

    def work(tx: Transaction) -> tuple[int, bool]:
        def create_search() -> int:
            start = beginnings.starting(tx, spec) if repeats is None else repeats.start
            parent = None if repeats is None else repeats.id
            return searches.create(
                tx, spec, start=start, parent=parent, dataset_hash=builtin.dataset_hash(spec), now=now
            )

        body = spec.document()
        return idempotency.once(tx, route=_SUBMIT, key=idempotency_key, body=body, now=now, create=create_search)

    search_id, is_new = service.database.run(work)
    if is_new:
        advance(service.database, search_id, now=now)
        service.changes.announce(QUEUE)
    return read(service, search_id)


def check(spec: SearchSpec) -> None:
    """Raises InvalidSpec for a search that could not run."""
    builtin.check(spec)
    if errors := [*problems(spec), *beginnings.problems(spec)]:
        raise InvalidSpec(one_sentence(errors), errors=errors)


def dry_run(service: Service, spec: SearchSpec, *, draws: int = 5) -> list[dict[str, Any]]:
    """Hyperparameters as the first trials would have them. Raises InvalidSpec."""
    check(spec)
    with service.database.read() as tx:
        start = beginnings.starting(tx, spec)
    return preview(spec, count=min(draws, spec.trials), start=start)


def repeat(service: Service, search_id: int, *, seed: int | None, idempotency_key: str | None) -> SearchRecord:
    """The same search once more, with another seed: the next one, unless it is given. Raises NotFound, InvalidSpec."""
    search = read(service, search_id)
    old = search.definition.parsed
    new = old.model_copy(update={"seed": (old.seed + 1) % (LARGEST_INTEGER + 1) if seed is None else seed})
    return create(service, new, idempotency_key=idempotency_key, repeats=search)


def read(service: Service, search_id: int) -> SearchRecord:
    """Raises NotFound."""
    with service.database.read() as tx:
        return searches.get(tx, search_id)


def change(service: Service, search_id: int, wanted: SearchChange) -> SearchRecord:
    """All of the change or none of it. Raises NotFound, SearchEnded, InvalidRequest."""
    now = service.now()
    plain = {name: value for name in ("name", "notes", "priority") if (value := getattr(wanted, name)) is not None}

    def work(tx: Transaction) -> None:
        ledger = ledgers.lock_one(tx, search_id)
        if wanted.trials is not None:
            _extend(ledger, wanted.trials, now=now)
        if wanted.state is not None:
            _turn(ledger, wanted.state)
        ledgers.save(tx, ledger, now=now)
        if plain:
            searches.edit(tx, search_id, **plain)

    service.database.run(work)
    follow_up(service, [search_id], now=now)
    return read(service, search_id)


def _extend(ledger: Ledger, budget: int, *, now: datetime) -> None:
    numbered = ledger.search.next_number
    if budget < max(numbered, 1):
        raise InvalidRequest(f"trials: {numbered} trials already exist; the budget cannot be less than that")
    if ledger.state in (SearchState.FAILED, SearchState.CANCELLED):
        raise SearchEnded(f"search {ledger.search.id} is {ledger.state}; submit its spec again instead of extending it")
    if ledger.state is SearchState.COMPLETED and ledger.search.has_reached_its_end(now):
        raise SearchEnded(
            f"search {ledger.search.id} reached its target or its max_seconds; submit its spec again without them"
        )
    drawn = ledger.search.next_number - ledger.search.enqueued
    most = points(ledger.search.definition.parsed)
    if budget > ledger.budget and most is not None and drawn >= most:
        raise SearchEnded(
            f"search {ledger.search.id} has run all {most} points of its space; a new search can widen it"
        )
    if ledger.state is SearchState.COMPLETED and budget > ledger.budget:
        ledger.turn(SearchState.ACTIVE)
    ledger.budget = budget


def _turn(ledger: Ledger, state: SearchState) -> None:
    """Asking for the state a search already has is no change."""
    if state is ledger.state:
        return
    if ledger.state not in OPEN_SEARCH_STATES:
        raise SearchEnded(f"search {ledger.search.id} is already {ledger.state}; its state cannot become {state}")
    ledger.turn(state)


def delete(service: Service, search_id: int) -> None:
    """Raises NotFound."""

    def work(tx: Transaction) -> None:
        searches.delete(tx, search_id)
        idempotency.forget_created(tx, route=_SUBMIT, created_id=search_id)

    service.database.run(work)
    service.changes.announce(ranking(search_id), events(search_id))


def enqueue(service: Service, search_id: int, given: dict[str, Any], *, idempotency_key: str | None) -> TrialRecord:
    """A trial with hyperparameters of the user's choice: it takes the next number, and the next round sees it.

    Raises NotFound, SearchEnded, BudgetUsed, InvalidRequest.
    """
    now = service.now()
    hparams = _fitted(read(service, search_id), given)

    def work(tx: Transaction) -> TrialRecord:
        ledger = ledgers.lock_one(tx, search_id)

        def create_trial() -> int:
            search = ledger.search
            if not search.is_open:
                raise SearchEnded(f"search {search.id} is already {search.state}; extend its trials to add one")
            if search.next_number >= search.budget:
                raise BudgetUsed(
                    f"all {search.budget} trials of search {search.id} are numbered; PATCH trials to add more"
                )
            own = Suggestion(hparams, Origin.ENQUEUED)
            new = draft(search, own, number=search.next_number, round_=_round_of(search))
            rounds.append(tx, ledger, new, now=now)
            return trials.by_number(tx, search.id, new.number).id

        route = f"POST /v1/searches/{search_id}/trials"
        trial_id, _ = idempotency.once(tx, route=route, key=idempotency_key, body=hparams, now=now, create=create_trial)
        return trials.get(tx, trial_id)

    trial = service.database.run(work)
    service.changes.announce(QUEUE, events(search_id))
    return trial


def _fitted(search: SearchRecord, given: dict[str, Any]) -> dict[str, Any]:
    spec = search.definition.parsed
    hparams, errors = spec.domain.fit(given)
    errors = errors or builtin.check_hyperparameters(spec, hparams)
    if errors:
        raise InvalidRequest(one_sentence(errors), errors=errors)
    return hparams


def _round_of(search: SearchRecord) -> int:
    """An enqueued trial joins the youngest round that the next one waits for, so that the next one sees it."""
    has_rounds = way(search.definition.parsed) is Way.ROUNDS
    return max(search.next_round - (lag(search.parallel) if has_rounds else 1), 0)


def cancel_trial(service: Service, trial_id: int) -> None:
    """Raises NotFound, TrialEnded."""
    now = service.now()

    def work(tx: Transaction) -> int:
        ledger = ledgers.lock_one(tx, trials.get(tx, trial_id).search_id)
        ledgers.cancel(tx, ledger, trial_id, now=now)
        ledgers.save(tx, ledger, now=now)
        return ledger.search.id

    follow_up(service, [service.database.run(work)], now=now)
