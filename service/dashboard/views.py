"""What the templates are given, made from the very answers that /v1 gives."""

from collections.abc import Mapping
from typing import Any

from caviar.errors import InvalidRequest
from caviar.parameters import Varying
from caviar.states import OPEN_SEARCH_STATES, OPEN_STATES, TrialState
from caviar.wire.searches import Round
from caviar.wire.trials import TrialDetail
from service import searches as use
from service.api import searches, trials, workers
from service.api.parameters import cursor
from service.context import Service
from service.dashboard.board import Board, Wanted, board, cell
from service.dashboard.boxes import LAST_ROUNDS, MOST_PARAMETERS, places, rows
from service.dashboard.dots import MOST_IN_A_TABLE, strip
from service.storage import pace
from service.storage import workers as stored
from service.storage.records import SearchRecord
from trainer.diagnosis import Diagnosis, diagnose

View = dict[str, Any]
MOST_WORKERS = 1000
MOST_REPORTS = 1000
LAST_REPORTS = 20


def all_searches(service: Service, *, after: list[Any] | None) -> View:
    page = searches.list_searches(service, limit=50, after=after)
    strips = {item.id: strip(item.counts.model_dump(), item.trials, most=MOST_IN_A_TABLE) for item in page.items}
    return {"items": page.items, "next": page.next, "strips": strips, "live": _live(service), "is_first": after is None}


def one_search(service: Service, search: int, wanted: Wanted) -> View:
    # The counter is read first: what else the page says is as new as that, or newer.
    record = use.read(service, search)
    answer = searches.read_search(service, search)
    parsed = record.definition.parsed
    problem, shown = "", None
    try:
        shown = board(service, record, wanted)
    except InvalidRequest as error:
        problem = error.detail
    return {
        "search": answer,
        "metric": record.metric,
        "goal": record.goal,
        "changes": record.changes,
        "is_open": record.state in OPEN_SEARCH_STATES,
        "strip": strip(answer.counts.model_dump(), answer.trials),
        "board": shown,
        "board_problem": problem,
        "wanted": wanted,
        "cell": cell,
        "next_after": _after(shown),
        "rounds": rows(_last_rounds(service, record), parsed.domain.varying),
        "varying": list(parsed.domain.varying)[:MOST_PARAMETERS],
        "parameters": list(parsed.domain.varying),
        "live_workers": _live(service).get(record.trainer, 0),
    }


def some_trials(service: Service, search: int, *, state: TrialState | None, after: list[Any] | None) -> View:
    """A search's trials by number, those without a value among them."""
    record = use.read(service, search)
    page = trials.list_trials(service, search, state=state, limit=50, after=after)
    return {
        "search": searches.read_search(service, search),
        "changes": record.changes,
        "metric": record.metric,
        "items": page.items,
        "next": page.next,
        "state": state,
        "states": list(TrialState),
        "columns": list(record.definition.parsed.domain.varying)[:MOST_PARAMETERS],
    }


def one_trial(service: Service, trial: int) -> View:
    detail = trials.read_trial(service, trial)
    record = use.read(service, int(detail.search))
    reports = trials.list_reports(service, trial, limit=MOST_REPORTS).items
    names = sorted(
        {name for report in reports for name in report.metrics}, key=lambda name: (name != record.metric, name)
    )
    varying = record.definition.parsed.domain.varying
    return {
        "trial": detail,
        "search": record,
        "is_open": detail.state in OPEN_STATES,
        "changes": record.changes,
        "metric": record.metric,
        "varying": varying,
        "places": places(detail.hyperparameters, varying),
        "round": _round_of(service, detail, varying),
        "reports": reports[-LAST_REPORTS:],
        "report_count": len(reports),
        "report_metrics": names[:8],
        "metrics": _by_part(detail),
        "diagnosis": _diagnosis(detail),
        "spec": _as_spec(record, detail),
    }


def all_workers(service: Service) -> View:
    page = workers.list_workers(service, limit=MOST_WORKERS)
    with service.database.read() as tx:
        paces = pace.recent(tx)
    return {"items": page.items, "more": page.next is not None, "paces": paces}


def comparison(service: Service, a: int, b: int) -> View:
    pair = [searches.read_search(service, search) for search in (a, b)]
    specs = [_flat(search.spec) for search in pair]
    names = list(dict.fromkeys([*specs[0], *specs[1]]))
    fields = [(name, *(spec.get(name) for spec in specs)) for name in names]
    strips = [strip(search.counts.model_dump(), search.trials, most=MOST_IN_A_TABLE) for search in pair]
    best = [search.best.hyperparameters if search.best else {} for search in pair]
    return {"pair": pair, "fields": fields, "strips": strips, "best_names": list(dict.fromkeys([*best[0], *best[1]]))}


def _after(shown: Board | None) -> str | None:
    """The next page's cursor; where rows were sifted it is the number of rows to skip."""
    more = None if shown is None else shown.next
    return cursor(more) if isinstance(more, int) else more


def spec_of(service: Service, search: int) -> dict[str, Any]:
    """To start another search from. Raises NotFound."""
    return dict(use.read(service, search).spec)


def _live(service: Service) -> Mapping[str, int]:
    """By trainer, how many workers are alive."""
    with service.database.read() as tx:
        return stored.live_by_trainer(tx, since=stored.alive_since(service.now(), service.lease_ttl))


def _last_rounds(service: Service, record: SearchRecord) -> list[Round]:
    first = record.next_round - LAST_ROUNDS
    return searches.list_rounds(service, record.id, limit=LAST_ROUNDS, after=[first - 1] if first > 0 else None).items


def _round_of(service: Service, trial: TrialDetail, varying: Mapping[str, Varying]) -> Any:
    after = [trial.round - 1] if trial.round > 0 else None
    found = searches.list_rounds(service, int(trial.search), limit=1, after=after).items
    return next(iter(rows([made for made in found if made.round == trial.round], varying)), None)


def _by_part(trial: TrialDetail) -> list[tuple[str, dict[str, float]]]:
    """Metrics beside one another by what they were measured on: (accuracy, {train: 0.99, dev: 0.97})."""
    table: dict[str, dict[str, float]] = {}
    for name, value in sorted(trial.metrics.items()):
        part, _, rest = name.partition("_")
        is_part = part in ("train", "dev", "test") and rest
        table.setdefault(rest if is_part else name, {})[part if is_part else "value"] = value
    return list(table.items())


def _diagnosis(trial: TrialDetail) -> Diagnosis | None:
    """As the trainer has it; None where a trial did not report shares of errors."""
    train, dev = (trial.metrics.get(f"{part}_error") for part in ("train", "dev"))
    if train is None or dev is None or not (0 <= train <= 1 and 0 <= dev <= 1):
        return None
    return diagnose(train_error=train, dev_error=dev)


def _as_spec(record: SearchRecord, trial: TrialDetail) -> dict[str, Any]:
    """A search that runs these hyperparameters alone: every parameter a constant."""
    kept = {name: record.spec[name] for name in ("name", "trainer", "dataset", "metric", "goal") if name in record.spec}
    return {**kept, "space": trial.hyperparameters, "sampler": {"name": "random"}, "trials": 1, "parallel": 1}


def _flat(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec's fields one level down: space.learning_rate, sampler.name."""
    found: dict[str, Any] = {}
    for name, value in spec.items():
        if isinstance(value, dict):
            found.update({f"{name}.{inner}": given for inner, given in value.items()})
        else:
            found[name] = value
    return found
