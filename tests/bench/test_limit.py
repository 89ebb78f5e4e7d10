"""The bare products are those of a training, no more and no fewer."""

from typing import Any

import numpy as np
import pytest

from bench.limit import bare_products
from bench.recipe import Recipe
from trainer.datasets import load
from trainer.split import split_table


def test_every_layer_has_two_products_and_a_third_unless_it_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """120 examples to train on, 4 inputs, 3 classes."""
    work = bare_products(split_table(load("iris"), seed=0), Recipe(hidden=(5,), batch_size=50, epochs=2), networks=7)
    shapes: list[tuple[int, ...]] = []
    product: Any = np.matmul

    def counted(*factors: Any, out: Any) -> Any:
        shapes.append(out.shape)
        return product(*factors, out=out)

    monkeypatch.setattr(np, "matmul", counted)
    work()
    whole_batch = [(7, 50, 5), (7, 50, 3), (7, 5, 3), (7, 50, 5), (7, 4, 5)]
    short_batch = [(7, 20, 5), (7, 20, 3), (7, 5, 3), (7, 20, 5), (7, 4, 5)]
    assert shapes == 2 * [*whole_batch, *whole_batch, *short_batch]
