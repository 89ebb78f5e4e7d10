from typing import Any

import pytest

from trainer.hyperparameters import HYPERPARAMETERS, complete
from trainer.schedules import SCHEDULES, learning_rate


def rates(behind: list[int], **hparams: Any) -> list[float]:
    whole = complete({"learning_rate": 0.2, **hparams})
    return [learning_rate(whole, epoch=epoch) for epoch in behind]


def test_every_choice_of_the_hyperparameter_is_there() -> None:
    assert set(SCHEDULES) == set(HYPERPARAMETERS["decay"].choices)


def test_the_schedules_by_hand() -> None:
    # The course's table: alpha0 = 0.2 and a decay rate of 1 give 0.1, 0.067, 0.05, 0.04 in epochs 1 to 4.
    assert rates([1, 2, 3, 4], decay="inverse_time", decay_rate=1) == pytest.approx([0.1, 0.2 / 3, 0.05, 0.04])
    assert rates([0, 1, 2], decay="exponential", decay_rate=0.05) == pytest.approx([0.2, 0.2 * 0.95, 0.2 * 0.95**2])
    assert rates([0, 3, 8], decay="inverse_sqrt") == pytest.approx([0.2, 0.1, 0.2 / 3])
    stairs = rates([0, 2, 3, 5, 6], decay="staircase", decay_rate=0.5, decay_epochs=3)
    assert stairs == pytest.approx([0.2, 0.2, 0.1, 0.1, 0.05])
    assert rates([0, 5, 10], decay="cosine", epochs=10) == pytest.approx([0.2, 0.1, 0], abs=1e-12)
    assert rates([0, 7]) == [0.2, 0.2]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_learning_rate_starts_as_it_is_and_never_rises_or_falls_below_zero(name: str) -> None:
    for decay_rate in (0.0, 0.3, 5.0):
        found = rates(list(range(25)), decay=name, decay_rate=decay_rate, decay_epochs=2)
        assert found[0] == 0.2
        assert found == sorted(found, reverse=True)
        assert found[-1] >= 0
