"""Rows in two parts: exactly those of scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from trainer.shuffle import split_by_class, split_rows


@given(
    counts=st.lists(st.integers(2, 40), min_size=1, max_size=8),
    share=st.floats(0.05, 0.6),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_parts_of_each_class_are_those_of_scikit_learn(counts: list[int], share: float, seed: int) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    held_out = max(len(counts), round(share * len(y)))
    if len(y) - held_out < len(counts):
        return
    expected = train_test_split(np.arange(len(y)), test_size=held_out, stratify=y, random_state=seed)
    for part, wanted in zip(split_by_class(y, held_out=held_out, seed=seed), expected, strict=True):
        np.testing.assert_array_equal(part, wanted)


@given(n_rows=st.integers(2, 200), share=st.floats(0.0, 1.0), seed=st.integers(0, 2**32 - 1))
def test_the_parts_without_classes_are_those_of_scikit_learn(n_rows: int, share: float, seed: int) -> None:
    held_out = min(max(1, round(share * n_rows)), n_rows - 1)
    expected = train_test_split(np.arange(n_rows), test_size=held_out, random_state=seed)
    for part, wanted in zip(split_rows(n_rows, held_out=held_out, seed=seed), expected, strict=True):
        np.testing.assert_array_equal(part, wanted)


def test_a_part_that_cannot_hold_every_class_is_refused() -> None:
    with pytest.raises(ValueError, match="leave none of some class in a part"):
        split_by_class(np.array([0, 0, 1, 1]), held_out=1, seed=0)
