"""Trials: a search's list, enqueueing, one with its attempts, cancelling, the learning curve."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from caviar.states import TrialState
from caviar.wire.trials import Enqueue, ReportPage, TrialAnswer, TrialChange, TrialDetail, TrialPage
from service import luck
from service import searches as use
from service.api import present
from service.api.parameters import After, IdempotencyKey, Limit, Long, SearchId, ServiceOf, TrialId, cursor, position
from service.api.problems import documented
from service.context import Service
from service.storage import searches, trials

router = APIRouter(prefix="/v1", tags=["trials"])


@router.get("/searches/{search}/trials", responses=documented(404, 422))
def list_trials(
    service: ServiceOf,
    search: SearchId,
    state: Annotated[TrialState | None, Query(description="only trials in this state")] = None,
    limit: Limit = 50,
    after: After = None,
) -> TrialPage:
    """All trials of a search, by number."""
    last = position(after, int)
    with service.database.read() as tx:
        metric = searches.get(tx, search).metric
        found = trials.page(tx, search, state=state, limit=limit + 1, after=last[0] if last else None)
    items = [present.trial(record, metric=metric) for record in found[:limit]]
    return TrialPage(items=items, next=cursor(items[-1].number) if len(found) > limit else None)


@router.post("/searches/{search}/trials", status_code=201, responses=documented(404, 409, 422))
def enqueue(
    service: ServiceOf,
    search: SearchId,
    wanted: Enqueue,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> TrialAnswer:
    """Queue hyperparameters of your own choice: they take the next number and count in the budget."""
    trial = use.enqueue(service, search, wanted.hyperparameters, idempotency_key=idempotency_key)
    response.headers["Location"] = f"/v1/trials/{trial.id}"
    return present.trial(trial, metric=use.read(service, search).metric)


@router.get("/trials/{trial}", responses=documented(404))
def read_trial(service: ServiceOf, trial: TrialId) -> TrialDetail:
    """One trial with its attempts."""
    return _detail(service, trial)


@router.patch("/trials/{trial}", responses=documented(404, 409, 422))
def change_trial(service: ServiceOf, trial: TrialId, change: TrialChange) -> TrialDetail:
    """Cancel a trial."""
    use.cancel_trial(service, trial)
    return _detail(service, trial)


@router.get("/trials/{trial}/reports", responses=documented(404, 422))
def list_reports(service: ServiceOf, trial: TrialId, limit: Limit = 1000, after: After = None) -> ReportPage:
    """The learning curve, attempt by attempt."""
    last = position(after, int, Long)
    with service.database.read() as tx:
        trials.get(tx, trial)
        found = trials.reports(tx, trial, limit=limit + 1, after=last)
    items = [present.report(record) for record in found[:limit]]
    more = cursor(items[-1].attempt, items[-1].step) if len(found) > limit else None
    return ReportPage(items=items, next=more)


def _detail(service: Service, trial: int) -> TrialDetail:
    with service.database.read() as tx:
        record = trials.get(tx, trial)
        attempts = trials.attempts(tx, trial)
        search = searches.get(tx, record.search_id)
        values = trials.repetitions(tx, search.id)
    again = luck.confirmed(record.id, values, goal=search.goal)
    return present.trial_detail(record, attempts, again, metric=search.metric)
