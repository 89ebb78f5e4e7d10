"""The stopping rule of a spec: what is accepted, and in which words everything else is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from caviar.spec import EXAMPLE, SearchSpec, explain


def written(stopping: Any) -> Any:
    """As it is stored and shown again."""
    return SearchSpec.model_validate(EXAMPLE | {"stopping": stopping}).document()["stopping"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("none", {"name": "none"}),
        ("asha", {"name": "asha", "eta": 3, "min_steps": 1}),
        ("median", {"name": "median", "min_steps": 1, "min_trials": 5}),
        ({"name": "asha", "eta": 4, "min_steps": 2}, {"name": "asha", "eta": 4, "min_steps": 2}),
        ({"name": "median", "min_trials": 9}, {"name": "median", "min_steps": 1, "min_trials": 9}),
    ],
)
def test_a_rule_is_given_by_its_name_alone_or_with_its_options(given: Any, kept: Any) -> None:
    assert written(given) == kept
    assert written(kept) == kept


def test_nobody_is_stopped_unless_the_spec_says_so() -> None:
    assert SearchSpec.model_validate(EXAMPLE).document()["stopping"] == {"name": "none"}


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ("ash", "/name", "'ash' is not known; did you mean asha?"),
        ({"name": "hyperband"}, "/name", "'hyperband' is not known; choose from asha, median, none"),
        ("x" * 1000, "/name", f"'{'x' * 27}...{'x' * 28}' is not known; choose from asha, median, none"),
        ({"eta": 3}, "/name", "is missing; choose from asha, median, none"),
        ({"name": "asha", "etta": 3}, "/etta", "is not known here; did you mean eta?"),
        ({"name": "none", "x": 3}, "/x", "is not known here; choose from name"),
        (
            {"name": "asha", "min_trials": 3},
            "/min_trials",
            "is an option of median, not of asha; choose from eta, min_steps, name",
        ),
        (
            {"name": "median", "eta": 3},
            "/eta",
            "is an option of asha, not of median; choose from min_steps, min_trials, name",
        ),
        (
            {"name": "none", "min_steps": 3},
            "/min_steps",
            "is an option of asha and median, not of none; choose from name",
        ),
        ({"name": "asha", "eta": 1}, "/eta", "must be at least 2 (given: 1)"),
        ({"name": "asha", "min_steps": 0}, "/min_steps", "must be at least 1 (given: 0)"),
        ({"name": "median", "min_trials": 1001}, "/min_trials", "must be at most 1000 (given: 1001)"),
        (3, "", "must be an object"),
        (None, "", "must be an object"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_field_and_the_reason(given: Any, field: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SearchSpec.model_validate(EXAMPLE | {"stopping": given})
    told = [(error.pointer, error.detail) for error in explain(caught.value.errors())]
    assert told == [("/stopping" + field, reason)]
