import numpy as np
import pytest

from caviar.wire.protocol import ClaimedTrial
from trainer.budget import member_bytes
from trainer.datasets import load
from trainer.split import Split, split_table
from worker.stacks import quarter_of_memory, within_budget


@pytest.fixture(scope="module")
def iris() -> Split:
    return split_table(load("iris"), seed=0)


def claimed(number: int, **hparams: object) -> ClaimedTrial:
    return ClaimedTrial.model_validate(
        {
            "id": str(number),
            "search": "1",
            "number": number,
            "attempt": 1,
            "trainer": "mlp",
            "hyperparameters": hparams,
            "seed": number,
            "stack": "s",
            "dataset": None,
            "resume": None,
            "lease": {"token": "t", "ttl_seconds": 30},
        }
    )


def test_a_stack_is_cut_into_parts_that_fit(iris: Split) -> None:
    stack = [claimed(number) for number in range(7)]
    parts = list(within_budget(stack, iris, budget_bytes=3 * member_bytes({}, iris)))
    assert [[trial.number for trial in part] for part in parts] == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(list(within_budget(stack, iris, budget_bytes=quarter_of_memory()))) == 1


def test_the_largest_trial_decides(iris: Split) -> None:
    stack = [claimed(0), claimed(1, keep_prob=0.5)]
    small, large = (member_bytes(trial.hyperparameters, iris) for trial in stack)
    assert small < large
    assert len(list(within_budget(stack, iris, budget_bytes=2 * large - 1))) == 2


def test_a_trial_that_cannot_be_held_is_refused_in_one_sentence(iris: Split) -> None:
    with pytest.raises(ValueError, match=r"^One network needs about .* MB"):
        list(within_budget([claimed(0)], iris, budget_bytes=1000))


def test_the_budget_is_a_share_of_a_real_machine() -> None:
    assert 10_000_000 < quarter_of_memory() < np.iinfo(np.int64).max
