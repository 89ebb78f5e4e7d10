import numpy as np

from caviar.wire.protocol import ClaimedTrial
from worker.stacks import quarter_of_memory, within_budget


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


def cut(stack: list[ClaimedTrial], sizes: list[int], *, budget_bytes: int) -> list[list[int]]:
    by_id = {trial.id: size for trial, size in zip(stack, sizes, strict=True)}
    parts = within_budget(stack, by_id, budget_bytes=budget_bytes)
    return [[trial.number for trial in part] for part in parts]


def test_a_stack_is_cut_into_parts_that_fit() -> None:
    stack = [claimed(number) for number in range(7)]
    assert cut(stack, [10] * 7, budget_bytes=30) == [[0, 1, 2], [3, 4, 5], [6]]
    assert cut(stack, [10] * 7, budget_bytes=quarter_of_memory()) == [list(range(7))]
    assert cut(stack, [10, 20, 5, 5, 25, 30, 1], budget_bytes=30) == [[0, 1], [2, 3], [4], [5], [6]]
    assert cut([], [], budget_bytes=30) == []


def test_networks_of_one_shape_stay_together() -> None:
    stack = [claimed(number, hidden_units=width) for number, width in enumerate([8, 64, 8, 64])]
    assert cut(stack, [10] * 4, budget_bytes=20) == [[1, 3], [0, 2]]


def test_the_budget_is_a_share_of_a_real_machine() -> None:
    assert 10_000_000 < quarter_of_memory() < np.iinfo(np.int64).max
