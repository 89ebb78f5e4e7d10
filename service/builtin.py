"""What the server knows of the built-in data sets and of the trainer `mlp`: which specs they accept, and which trials
share an array. Of other trainers the server knows only the name.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from caviar.errors import FieldError, InvalidSpec
from caviar.parameters import Choice, Range
from caviar.space import Hyperparameters
from caviar.spec import SearchSpec
from caviar.spelling import did_you_mean
from caviar.validation import one_sentence
from service.samplers.box import draw, whole
from trainer import hyperparameters, tables

TRAINER = "mlp"


def check(spec: SearchSpec) -> None:
    """Raises InvalidSpec for a spec that could not be trained."""
    errors = [*_dataset_problems(spec), *(_mlp_problems(spec) if spec.trainer == TRAINER else ())]
    if errors:
        raise InvalidSpec(one_sentence(errors), errors=errors)


def dataset_hash(spec: SearchSpec) -> str | None:
    """The content that the search's dataset name stands for, fixed from now on."""
    return f"sha256:{tables.facts(spec.dataset).sha256}" if spec.dataset else None


def stack(spec: Mapping[str, Any], hparams: Mapping[str, Any]) -> str:
    """Equal for trials of one search that may be trained together; "" where the server cannot tell."""
    if spec["trainer"] != TRAINER:
        return ""
    try:
        return f"{spec['dataset']}:{spec['seed']}:{hyperparameters.stack_key(hparams)}"
    except (ValueError, LookupError):
        # A combination the trainer refuses: its worker says so in the trial's error.
        return ""


def defaults(spec: SearchSpec) -> Hyperparameters | None:
    """The trainer's own values of what the search varies; None where the server does not know the trainer."""
    if spec.trainer != TRAINER:
        return None
    rows = {name: row for name in spec.domain.varying if (row := hyperparameters.find(name)) is not None}
    return {name: row.default for name, row in rows.items() if row.default is not None}


def check_hyperparameters(spec: SearchSpec, hparams: Mapping[str, Any]) -> list[FieldError]:
    """What the built-in trainer has against the hyperparameters of one trial as a whole."""
    if spec.trainer != TRAINER:
        return []
    try:
        hyperparameters.complete(hparams)
    except (ValueError, LookupError) as error:
        return [FieldError("/hyperparameters", str(error))]
    return []


def last_step(spec: Mapping[str, Any], hparams: Mapping[str, Any]) -> int | None:
    """The step of a trial's last report, if it trains to its end; None where the server cannot tell."""
    if spec["trainer"] != TRAINER:
        return None
    try:
        return int(hyperparameters.complete(hparams)["epochs"])
    except (ValueError, LookupError):
        return None


def _dataset_problems(spec: SearchSpec) -> Iterator[FieldError]:
    if spec.dataset is None and spec.trainer == TRAINER:
        yield FieldError("/dataset", f"is missing; {did_you_mean('', tables.TABLES)}")
    elif spec.dataset is not None and spec.dataset not in tables.TABLES:
        yield FieldError(
            "/dataset", f"there is no dataset {spec.dataset!r}; {did_you_mean(spec.dataset, tables.TABLES)}"
        )


def _mlp_problems(spec: SearchSpec) -> Iterator[FieldError]:
    table = tables.TABLES.get(spec.dataset or "")
    reported = hyperparameters.metrics(table.task) if table else hyperparameters.METRICS
    if spec.metric not in reported:
        hint = did_you_mean(spec.metric, reported)
        yield FieldError("/metric", f"the trainer mlp does not report {spec.metric!r}; {hint}")
    wrong = [error for name in spec.space for error in _parameter_problems(spec, name)]
    yield from wrong or _combination_problems(spec)


def _parameter_problems(spec: SearchSpec, name: str) -> Iterator[FieldError]:
    pointer = f"/space/{name}"
    if hyperparameters.find(name) is None:
        hint = did_you_mean(name, hyperparameters.names())
        yield FieldError(pointer, f"is no hyperparameter of the trainer mlp; {hint}")
        return
    for value in _reachable(spec.space[name]):
        try:
            hyperparameters.check(name, value)
        except ValueError as error:
            yield FieldError(pointer, str(error))
            return


def _reachable(parameter: Any) -> list[Any]:
    """The values that decide whether all of a parameter's values are allowed."""
    if isinstance(parameter, Choice):
        return parameter.values
    if isinstance(parameter, Range):
        # Bounds are intervals, so both ends speak for all between; a drawn value says whether it must be whole.
        return [parameter.low, parameter.high, parameter.value_at(0.381966)]
    return [parameter]


def _combination_problems(spec: SearchSpec) -> Iterator[FieldError]:
    """Hyperparameters that are fine alone and not together, found by trying what the search would draw."""
    for number in range(min(spec.trials, 64)):
        hparams = draw(spec.domain, whole(spec.domain), seed=spec.seed, number=number)
        for error in check_hyperparameters(spec, hparams):
            yield FieldError("/space", error.detail)
            return
