"""What a search runs before anything that its sampler draws: the trials of its spec, then another search's best."""

from collections.abc import Iterator, Sequence

from caviar.errors import FieldError, InvalidSpec
from caviar.space import Hyperparameters
from caviar.spec import SearchSpec, StartFrom
from service import builtin
from service.ids import as_key
from service.samplers.opening import nearest
from service.storage import searches, trials
from service.storage.database import Transaction

PAGE = 100
MOST_PAGES = 10
"""So many of another search's trials are looked at: a server's writers wait meanwhile."""


def problems(spec: SearchSpec) -> list[FieldError]:
    """What is wrong with `start`, one sentence each."""
    found = []
    for i, given in enumerate(spec.start):
        hparams, errors = spec.domain.fit(given)
        for error in errors or builtin.check_hyperparameters(spec, hparams):
            found.append(FieldError(f"/start/{i}{error.pointer.removeprefix('/hyperparameters')}", error.detail))
    if len(spec.start) > spec.trials:
        excess = f"holds {len(spec.start)} trials, but the budget is {spec.trials}; raise trials"
        found.append(FieldError("/start", excess))
    return found


def given(spec: SearchSpec) -> list[Hyperparameters]:
    """Those of `start`, with the space's constants."""
    return [spec.domain.fit(hparams)[0] for hparams in spec.start]


def starting(tx: Transaction, spec: SearchSpec) -> list[Hyperparameters]:
    """All of them, no more than the budget. Raises InvalidSpec where `start_from` names no search."""
    found = given(spec)
    known = {spec.domain.key(hparams) for hparams in found}
    for hparams in _best(tx, spec) if spec.start_from else ():
        if spec.domain.key(hparams) not in known:
            known.add(spec.domain.key(hparams))
            found.append(hparams)
    return found[: spec.trials]


def source(tx: Transaction, wanted: StartFrom) -> int:
    """The search that `start_from` names. Raises InvalidSpec."""
    key = as_key(wanted.search)
    if searches.find(tx, key) is None:
        detail = f"there is no search {wanted.search}; GET /v1/searches lists them"
        raise InvalidSpec(f"/start_from/search: {detail}", errors=[FieldError("/start_from/search", detail)])
    return key


def _best(tx: Transaction, spec: SearchSpec) -> Sequence[Hyperparameters]:
    """The best of the other search, different points only, each moved to the nearest point of this space."""
    assert spec.start_from is not None
    points: dict[object, Hyperparameters] = {}
    for hparams in _ranked(tx, source(tx, spec.start_from)):
        moved = nearest(spec.domain, hparams)
        points.setdefault(spec.domain.key(moved), moved)
        if len(points) == spec.start_from.top:
            break
    return list(points.values())


def _ranked(tx: Transaction, search_id: int) -> Iterator[Hyperparameters]:
    """The hyperparameters of a search's trials that have a value, the best first, as far as we look."""
    last = None
    for _ in range(MOST_PAGES):
        page = trials.ranked(tx, search_id, limit=PAGE, after=last)
        for trial in page:
            if trial.diverged:
                return
            yield trial.hyperparameters
            last = (trial.diverged, trial.score or 0.0, trial.number)
        if len(page) < PAGE:
            return
