"""Data that cannot be learned from is refused in one sentence that names what is wrong."""

from typing import Any

import numpy as np
import pytest

from trainer.checks import check_parts, encoded
from trainer.datasets import Table
from trainer.split import split_table


def table(n: int = 40, **changed: Any) -> Table:
    rng = np.random.default_rng(0)
    whole: dict[str, Any] = {
        "x": rng.normal(size=(n, 3)).astype(np.float32),
        "y": np.arange(n) % 2,
        "class_names": ("a", "b"),
    }
    return Table(**(whole | changed))


def with_value(value: float) -> Any:
    x = table().x.copy()
    x[7, 2] = value
    return x


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (table(x=with_value(np.nan)), "Feature 2 is nan in row 7; every feature must be finite."),
        (table(x=with_value(np.inf)), "Feature 2 is inf in row 7; every feature must be finite."),
        (table(y=np.zeros(40, int)), "All examples are of the class a; there must be two at least."),
        (table(y=np.full(40, 2)), "The class 2 is not one of 0 ... 1, of which the names are known."),
        (table(y=np.arange(40) / 2), "The classes are of the type float64; they must be whole numbers from 0."),
        (table(y=np.arange(39) % 2), "x has the shape (40, 3) and y 39 values; there must be one row of x for each."),
        (table(0), "The data has 0 examples of 3 features; there must be some."),
        (
            table(y=np.where(np.arange(40) == 3, np.nan, 1.0), class_names=()),
            "The target is nan in row 3; it must be finite.",
        ),
        (
            table(4),
            "4 examples with shares of 0.1 for dev and 0.1 for test leave a part empty; it needs more examples or "
            "other shares.",
        ),
    ],
)
def test_bad_data_is_refused_by_name(wrong: Table, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        split_table(wrong, seed=0)
    assert str(refusal.value) == sentence


def test_a_class_that_only_dev_has_is_refused() -> None:
    y = np.zeros(100, int)
    y[:2] = 1, 2
    lonely = table(100, y=y, class_names=("a", "b", "c"))
    with pytest.raises(
        ValueError, match=r"^The class b is in dev and not in the training set; it needs more examples\.$"
    ):
        check_parts(lonely, train=np.arange(1, 70), dev=np.array([0, *range(70, 100)]))
    check_parts(lonely, train=np.arange(70), dev=np.arange(70, 100))


def test_labels_become_the_places_of_their_names() -> None:
    assert encoded(["b", "a", "b"], class_names=("a", "b")).tolist() == [1, 0, 1]
    assert encoded([2, 0, 1]).tolist() == [2, 0, 1]
    with pytest.raises(ValueError, match=r"^The label cat is text; give class_names"):
        encoded(["cat", "dog"])
    with pytest.raises(ValueError, match=r"^The label cow is not one of the class names cat, dog\.$"):
        encoded(["cat", "cow"], class_names=("cat", "dog"))
