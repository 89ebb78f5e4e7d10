import numpy as np
import pytest

from trainer.hyperparameters import complete
from trainer.targets import Scale, n_outputs, output_of, targets


def test_auto_is_softmax_for_classes_and_linear_for_numbers() -> None:
    assert output_of(complete({}), n_classes=3) == "softmax"
    assert output_of(complete({}), n_classes=0) == "linear"
    assert output_of(complete({"output": "sigmoid"}), n_classes=2) == "sigmoid"
    assert [n_outputs(output, n_classes=3) for output in ("softmax", "sigmoid", "linear")] == [3, 1, 1]


@pytest.mark.parametrize(
    ("output", "n_classes", "sentence"),
    [
        ("linear", 3, "output is linear; the data has 3 classes, for which it must be softmax."),
        ("softmax", 0, "output is softmax; the data has numbers to predict, for which it must be linear."),
        ("sigmoid", 0, "output is sigmoid; the data has numbers to predict, for which it must be linear."),
        ("sigmoid", 3, "output is sigmoid; it needs 2 classes, and the data has 3."),
    ],
)
def test_an_output_that_does_not_suit_the_data_is_refused(output: str, n_classes: int, sentence: str) -> None:
    with pytest.raises(ValueError, match="output is") as refusal:
        output_of(complete({"output": output}), n_classes=n_classes)
    assert str(refusal.value) == sentence


def test_targets_lie_outputs_first() -> None:
    y = np.array([2, 0])
    assert targets("softmax", y, n_classes=3, dtype=np.float32).tolist() == [[0, 1], [0, 0], [1, 0]]
    assert targets("sigmoid", np.array([1, 0]), n_classes=1, dtype=np.float32).tolist() == [[1, 0]]
    scaled = targets("linear", np.array([5.0, 9.0]), n_classes=0, dtype=np.float64, scale=Scale(5, 2))
    assert scaled.tolist() == [[0, 2]]
