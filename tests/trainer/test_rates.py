from collections.abc import Callable

import numpy as np
import pytest

from trainer.columns import columns_of
from trainer.rates import coming_of
from trainer.split import Split
from trainer.stack import Member, begin


def test_every_group_has_the_rates_of_its_own_optimizer_and_betas(blobs: Callable[..., Split]) -> None:
    members = [
        Member({"hidden_units": 3, "beta1": 0.5, "learning_rate": 0.1}, 1),
        Member({"hidden_units": 4, "optimizer": "gradient_descent", "learning_rate": 0.2}, 2),
        Member({"hidden_units": 5, "beta1": 0.8, "learning_rate": 0.3}, 3),
    ]
    stack = begin(blobs(40, 5), members)
    adam, descent, other = coming_of(stack, columns_of(stack.members, stack.epochs), n_steps=3)
    for coming, beta1, learning_rate in ((adam, 0.5, 0.1), (other, 0.8, 0.3)):
        assert coming.weights[0].item() == pytest.approx(1 + beta1 + beta1**2)
        assert coming.rates["beta1"].ravel() == pytest.approx([beta1] * 3)
        # With the weights of one step, size is learning_rate * sqrt(1) / 1.
        assert coming.rates["size"][0].item() == pytest.approx(learning_rate)
    assert descent.weights == []
    assert list(descent.rates) == ["size"]
    assert descent.rates["size"].shape == (3, 1, 1, 1)
    assert descent.rates["size"].dtype == np.float32
