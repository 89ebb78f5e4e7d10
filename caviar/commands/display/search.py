"""One search in full, as lines."""

from collections.abc import Iterator, Mapping
from typing import Any

from caviar.wire.searches import SearchAnswer
from caviar.words import best_words, duration_words, progress_words, value_words

_SPEC_FIELDS = ("trainer", "metric", "goal", "sampler", "stopping", "parallel", "seed", "max_seconds", "target")


def search_lines(search: SearchAnswer) -> Iterator[str]:
    rows = [*_state_rows(search), *_spec_rows(search.spec)]
    width = max(len(name) for name, _ in rows)
    return (f"{name:<{width}}  {text}" for name, text in rows)


def _state_rows(search: SearchAnswer) -> Iterator[tuple[str, str]]:
    yield "search", f"{search.id} ({search.name})"
    yield "state", str(search.state)
    if search.waits_for:
        yield "waits for", search.waits_for
    for hint in search.hints:
        yield "hint", value_words(hint)
    yield "progress", progress_words(search.progress)
    yield "trials", ", ".join(f"{count} {state}" for state, count in search.counts.model_dump().items() if count)
    yield "time", _time_words(search)
    yield "best", best_words(search.best)
    for name, value in (search.best.hyperparameters if search.best else {}).items():
        yield f"  {name}", value_words(value)
    if search.notes:
        yield "notes", value_words(search.notes)


def _time_words(search: SearchAnswer) -> str:
    left = search.progress.seconds_left
    spent = duration_words(search.progress.seconds)
    return spent if left is None or search.finished_at else f"{spent}, about {duration_words(left)} left"


def _spec_rows(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if spec.get("dataset"):
        yield "dataset", spec["dataset"]
    for name in _SPEC_FIELDS:
        if spec.get(name) is not None:
            yield name, _setting_words(spec[name])
    yield "space", f"{len(spec['space'])} parameters"
    for name, parameter in spec["space"].items():
        yield f"  {name}", _setting_words(parameter)


def _setting_words(value: Any) -> str:
    """`{name: zoom}` is zoom; the fields of a parameter stand in a row."""
    if not isinstance(value, Mapping):
        return value_words(value)
    if list(value) == ["name"]:
        return value_words(value["name"])
    return ", ".join(f"{name} {_setting_words(part)}" for name, part in value.items())
