"""What the benchmark of a whole search asks for, and the figures it makes of what it gets."""

import pytest

from bench.whole import Duel, Outcome, Task, figures
from caviar.spec import SearchSpec
from service import builtin


def outcome(seconds: float, *, best: float = 0.99) -> Outcome:
    return Outcome(seconds=seconds, start_up_seconds=1.0, trials=100, best=best)


def test_ratios_are_medians_over_the_turns() -> None:
    duel = Duel([outcome(5.0), outcome(5.0), outcome(5.0)], [outcome(21.0), outcome(25.0), outcome(500.0)])
    assert duel.ratio == 5.0
    assert duel.ratio_without_start_up == 6.0


def test_the_last_line_has_the_figures_that_are_asked_for() -> None:
    free = Duel([outcome(5.0, best=0.99)], [outcome(20.0, best=0.98)])
    fixed = Duel([outcome(4.0)], [outcome(24.0)])
    found = figures(free, fixed)
    wanted = {"vs_optuna_torch": 4.0, "fixed_shape": 6.0, "seconds": 5.0, "best": 0.99, "best_optuna_torch": 0.98}
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize("is_fixed_shape", [False, True])
def test_the_server_accepts_the_search(is_fixed_shape: bool) -> None:
    task = Task(trials=100, epochs=20, seed=0, is_fixed_shape=is_fixed_shape)
    spec = SearchSpec.model_validate(task.spec)
    builtin.check(spec)
    varying = set(spec.domain.varying)
    assert ({"layers", "batch_size"} <= varying) is not is_fixed_shape
    assert {"learning_rate", "beta1", "hidden_units", "l2"} <= varying
