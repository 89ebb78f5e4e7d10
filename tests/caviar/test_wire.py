"""The JSON forms: examples that are true, readers that are patient, and one bad item that spoils nothing."""

import importlib
import json
import pkgutil
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import caviar.wire
from caviar.wire.model import Answer, StrictRequest, WorkerRequest
from caviar.wire.protocol import ClaimRequest, FinishRequest, Malformed, ReportRequest, TrialReport
from caviar.wire.searches import SearchChange
from caviar.wire.trials import LeaderboardPage
from caviar.wire.workers import Health

PROOF = {"trial": "1", "attempt": 1, "token": "t"}
BASES = (Answer, StrictRequest, WorkerRequest)


def models() -> list[type[BaseModel]]:
    names = [module.name for module in pkgutil.iter_modules(caviar.wire.__path__, "caviar.wire.")]
    defined = [(name, value) for name in names for value in vars(importlib.import_module(name)).values()]
    return [
        value
        for name, value in defined
        if isinstance(value, type) and issubclass(value, BASES) and value not in BASES and value.__module__ == name
    ]


@pytest.mark.parametrize("model", models())
def test_the_example_of_a_model_is_one(model: type[BaseModel]) -> None:
    for example in model.model_json_schema()["examples"]:
        shown = model.model_validate(example).model_dump(mode="json", exclude_unset=True)
        assert shown == example


def test_an_answer_may_grow_without_breaking_a_reader() -> None:
    assert Health.model_validate({"status": "ok", "version": "9", "uptime": 3}).version == "9"


def test_a_worker_may_be_newer_than_the_server() -> None:
    body = {"worker": "w", "trainers": ["mlp"], "claim_key": "k" * 16, "gpus": 2}
    assert ClaimRequest.model_validate(body).capacity == 1


def test_a_persons_typo_is_refused() -> None:
    with pytest.raises(ValidationError, match="stat"):
        SearchChange.model_validate({"stat": "paused"})


@pytest.mark.parametrize(
    ("item", "trial", "detail"),
    [
        (3, "", "must be an object"),
        (None, "", "must be an object"),
        ({}, "", "trial: is missing"),
        (PROOF | {"trial": 5}, "5", "trial: must be a valid string (given: 5)"),
        (PROOF | {"trial": {"a": 1}}, "{'a': 1}", "trial: must be a valid string"),
        (PROOF | {"attempt": 0}, "1", "attempt: must be at least 1 (given: 0)"),
        (PROOF | {"step": -1}, "1", "step: must be at least 0 (given: -1)"),
        (PROOF | {"metrics": {"a": 10**400}}, "1", "metrics.a: the integer is too large for a double-precision number"),
        (PROOF | {"metrics": {"a": "high"}}, "1", 'metrics.a: expected a number, or "NaN", "Infinity" or "-Infinity"'),
        (PROOF | {"metrics": {"a b": 1}}, "1", "metrics.a b.[key]: "),
        (PROOF | {"metrics": {"\ud800": 1}}, "1", "metrics."),
        (PROOF | {"trial": "\ud800"}, "?", "trial: "),
    ],
)
def test_a_malformed_report_takes_its_place_and_leaves_the_others(item: Any, trial: str, detail: str) -> None:
    first, bad, last = ReportRequest.model_validate({"reports": [PROOF, item, PROOF]}).reports
    assert isinstance(first, TrialReport)
    assert isinstance(last, TrialReport)
    assert isinstance(bad, Malformed)
    assert bad.trial == trial
    assert bad.detail.startswith(detail)
    bad.model_dump_json()


def test_an_unknown_outcome_is_malformed_and_says_what_is_known() -> None:
    (bad,) = FinishRequest.model_validate({"outcomes": [PROOF | {"outcome": "complete"}]}).outcomes
    assert isinstance(bad, Malformed)
    assert bad.detail == "outcome: 'complete' is not known; did you mean completed?"


def test_a_diverged_value_is_shown_by_name_on_the_leaderboard() -> None:
    row = LeaderboardPage.model_json_schema()["examples"][0]["items"][0] | {"value": "NaN", "diverged": True}
    page = LeaderboardPage.model_validate({"items": [row], "next": None})
    assert json.loads(page.model_dump_json())["items"][0]["value"] == "NaN"
