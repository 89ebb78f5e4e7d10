from typing import Any

import pytest

from trainer.gradcheck import TOLERANCE
from trainer.trial_check import check_trial


@pytest.mark.parametrize(
    ("hparams", "n_classes"),
    [
        ({}, 10),
        ({"layers": 0, "batch_norm": False, "batch_size": 1, "l2": 1.0}, 3),
        ({"activation": "tanh", "output": "sigmoid", "keep_prob": 0.7, "l1": 0.5, "penalise_biases": True}, 2),
        ({"hidden_units": [300, 3, 20], "batch_norm": False, "activation": "leaky_relu"}, 0),
    ],
)
def test_the_gradients_of_a_trial_are_right(hparams: dict[str, Any], n_classes: int) -> None:
    found = check_trial(hparams, n_inputs=64, n_classes=n_classes, seed=1)
    assert max(found.differences.values()) <= TOLERANCE
    assert 0 < max(found.with_course_step.values()) < 1e-5
    assert found.differences.keys() == found.with_course_step.keys() == found.architecture.param_shapes.keys()
    assert max([0, *found.architecture.hidden]) <= 8


def test_an_output_that_does_not_suit_the_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="output is sigmoid; it needs 2 classes, and the data has 10"):
        check_trial({"output": "sigmoid"}, n_inputs=4, n_classes=10, seed=0)
