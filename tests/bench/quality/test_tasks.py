"""The protocol of the tables: what a draw means, and how good a configuration is."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.quality.tables import read
from bench.quality.tasks import Axis, Task, regret, shared_regret

AXES = (Axis("depth", 3), Axis("activation", 2, ("relu", "tanh")))
LOSSES = np.array([[1.0, 3.0], [5.0, 5.0], [2.0, 4.0], [0.0, 1.0], [9.0, 9.0], [4.0, 6.0]])
TASK = Task("made up", AXES, LOSSES)


@pytest.mark.parametrize(
    ("u", "level"), [(0.0, 0), (0.333, 0), (0.334, 1), (0.666, 1), (0.667, 2), (0.999, 2), (1.0, 2)]
)
def test_a_draw_means_the_floor_of_u_times_n(u: float, level: int) -> None:
    assert AXES[0].level(u) == level


def test_configurations_are_numbered_like_the_rows() -> None:
    values = np.arange(6).reshape(3, 2)
    for depth in range(3):
        for place, activation in enumerate(("relu", "tanh")):
            assert TASK.configuration({"depth": (depth + 0.5) / 3, "activation": activation}) == values[depth, place]


def test_regret_is_0_for_the_optimum_of_the_means_and_1_for_their_median() -> None:
    assert TASK.means.tolist() == [2, 5, 3, 0.5, 9, 5]
    assert TASK.regrets[3] == 0
    assert TASK.regrets == pytest.approx((TASK.means - 0.5) / (4 - 0.5))


def test_a_search_is_judged_by_the_true_mean_of_its_best_observed_value() -> None:
    assert regret(TASK, [1, 2, 0], [5.0, 2.0, 3.0]) == TASK.regrets[2]
    assert regret(TASK, [1, 3], [5.0, 0.0]) == 0


def test_of_equal_values_the_first_counts() -> None:
    assert regret(TASK, [0, 2, 1], [2.0, 2.0, 5.0]) == TASK.regrets[0]


def test_judged_by_all_of_equals_a_search_has_their_mean_regret() -> None:
    trials = ([0, 2, 1, 2], [2.0, 2.0, 5.0, 2.0])
    assert shared_regret(TASK, *trials) == pytest.approx((TASK.regrets[0] + 2 * TASK.regrets[2]) / 3)
    assert shared_regret(TASK, [1, 3], [5.0, 0.0]) == regret(TASK, [1, 3], [5.0, 0.0])


def test_our_space_is_a_float_for_an_ordered_axis_and_a_choice_for_names() -> None:
    assert TASK.space.problems() == []
    assert TASK.space.assemble(lambda _, parameter: parameter.value_at(0.5)) == {"depth": 0.5, "activation": "tanh"}


def test_a_file_with_scores_becomes_losses(tmp_path: Path) -> None:
    scores = np.arange(2 * 3 * 2, dtype=np.float32).reshape(2, 3, 2)
    space = json.dumps({"activation": ["relu", "tanh"], "depth": [1, 2, 3]})
    np.savez(tmp_path / "hpobench_tiny.npz", values=scores, space=np.array(space), direction=np.array("maximize"))
    task = read(tmp_path / "hpobench_tiny.npz")
    assert (task.name, list(task.axes)) == ("tiny", [Axis("activation", 2, ("relu", "tanh")), Axis("depth", 3)])
    assert task.losses[task.configuration({"activation": "tanh", "depth": 0.7})].tolist() == [-10, -11]
