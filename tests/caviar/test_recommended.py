"""Ready spaces: what a spec may say in one word, and that the trainer takes all of it."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from caviar.recommended import READY_SPACES, TIERS, ready_space
from caviar.spec import EXAMPLE, ReadySpace, SearchSpec, explain
from service import builtin
from trainer import hyperparameters


def refusal(**fields: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        SearchSpec.model_validate(EXAMPLE | fields)
    (error,) = explain(caught.value.errors())
    return error.pointer, error.detail


@pytest.mark.parametrize("name", READY_SPACES)
def test_the_trainer_takes_every_value_that_a_ready_space_draws(name: str) -> None:
    spec = SearchSpec.model_validate(EXAMPLE | {"space": name, "trials": 1000})
    builtin.check(spec)
    assert set(spec.space) <= set(hyperparameters.HYPERPARAMETERS)


@pytest.mark.parametrize("name", READY_SPACES)
def test_a_name_is_written_out_in_the_stored_spec(name: str) -> None:
    spec = SearchSpec.model_validate(EXAMPLE | {"space": name})
    assert spec == SearchSpec.model_validate(EXAMPLE | {"space": ready_space(name)})
    assert list(spec.document()["space"]) == list(ready_space(name))
    assert SearchSpec.model_validate(spec.document()) == spec


def test_every_tier_comes_after_those_that_matter_more() -> None:
    names = [list(tier.parameters) for tier in TIERS]
    assert list(ready_space("recommended-1")) == names[0] == ["learning_rate"]
    assert list(ready_space("recommended-2")) == names[0] + names[1]
    assert list(ready_space("recommended")) == names[0] + names[1] + names[2]


def test_the_schema_names_every_ready_space() -> None:
    assert set(get_args(ReadySpace)) == set(READY_SPACES)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"space": "recomended"}, "'recomended' is no ready space; did you mean recommended?"),
        (
            {"space": "everything"},
            "'everything' is no ready space; choose from recommended, recommended-1, recommended-2",
        ),
        (
            {"space": "recommended", "trainer": "mine"},
            "recommended is for the trainer mlp; list the parameters that mine takes",
        ),
    ],
)
def test_a_space_that_is_not_ready_is_refused_with_the_way_out(fields: dict[str, Any], reason: str) -> None:
    assert refusal(**fields) == ("/space", reason)
