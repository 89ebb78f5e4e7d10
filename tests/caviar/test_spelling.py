"""The nearest valid name."""

import pytest

from caviar.spelling import did_you_mean

MANY = [f"name_{number}" for number in range(13)]


@pytest.mark.parametrize(
    ("name", "valid", "sentence"),
    [
        ("learning_rte", ["batch_size", "learning_rate"], "did you mean learning_rate?"),
        ("qqq", ["b", "a"], "choose from a, b"),
        ("qqq", MANY, "there are 13 valid names, none of them near"),
        ("name_77", MANY, "did you mean name_7?"),
    ],
)
def test_a_near_name_is_suggested_else_few_are_listed_and_many_counted(
    name: str, valid: list[str], sentence: str
) -> None:
    assert did_you_mean(name, valid) == sentence
