"""Our samplers in the bench see what the server would let them see."""

from collections.abc import Sequence

import numpy as np
import pytest

from bench.quality.ours import Round, Rounds, Sampler
from bench.quality.tasks import Axis, Task
from bench.quality.world import run
from caviar.space import Hyperparameters
from caviar.spec import SamplerName, SamplerSpec
from service.planning import suggest
from service.samplers.interface import Result

AXES = (Axis("x", 10), Axis("y", 10), Axis("kind", 2, ("a", "b")))
TASK = Task(
    "bowl",
    AXES,
    np.add.outer(np.add.outer((np.arange(10) - 3) ** 2, (np.arange(10) - 6) ** 2), [0, 5]).reshape(-1, 1) / 10.0,
)


class Recorder:
    """A planner that remembers what it was told."""

    def __init__(self) -> None:
        self.rounds: list[Round] = []

    def __call__(self, asked: Round) -> Sequence[Hyperparameters]:
        self.rounds.append(asked)
        return [{"x": number % 10 / 10, "y": 0.5, "kind": "a"} for number in asked.numbers]


def seen(recorder: Recorder) -> list[tuple[range, list[int], int]]:
    return [
        (asked.numbers, [result.number for result in asked.results], len(asked.pending)) for asked in recorder.rounds
    ]


def test_a_round_is_half_of_parallel_and_sees_the_rounds_up_to_two_before() -> None:
    recorder = Recorder()
    run(Rounds(recorder, parallel=4, trials=7), TASK, seed=0, workers=4, trials=7)
    assert seen(recorder) == [
        (range(2), [], 0),
        (range(2, 4), [], 2),
        (range(4, 6), [0, 1], 2),
        (range(6, 7), [0, 1, 2, 3], 2),
    ]


def test_with_parallel_1_each_trial_sees_all_before_it() -> None:
    recorder = Recorder()
    run(Rounds(recorder, parallel=1, trials=3), TASK, seed=0, workers=1, trials=3)
    assert seen(recorder) == [(range(1), [], 0), (range(1, 2), [0], 0), (range(2, 3), [0, 1], 0)]


def test_a_free_search_sees_whatever_has_finished_and_never_waits() -> None:
    recorder = Recorder()
    done = run(Rounds(recorder, parallel=3, trials=9, is_free=True), TASK, seed=0, workers=3, trials=9)
    assert done.utilisation == pytest.approx(1)
    assert [(numbers, len(finished), open_) for numbers, finished, open_ in seen(recorder)] == [
        (range(3), 0, 0),
        *((range(number, number + 1), number - 2, 2) for number in range(3, 9)),
    ]


def test_an_infinite_loss_is_a_trial_without_a_value() -> None:
    recorder = Recorder()
    rounds = Rounds(recorder, parallel=1, trials=2)
    rounds.ask()
    rounds.tell(0, float("inf"))
    rounds.ask()
    assert [result.score for result in recorder.rounds[1].results] == [None]


def zoom(parallel: int) -> Rounds:
    return Rounds(Sampler(TASK.space, SamplerSpec(name=SamplerName.ZOOM), 0, 60), parallel=parallel, trials=60)


@pytest.mark.parametrize("workers", [1, 3, 16])
def test_the_zoom_gives_the_same_trials_with_any_number_of_workers(workers: int) -> None:
    expected = run(zoom(8), TASK, seed=0, workers=8, trials=60)
    assert run(zoom(8), TASK, seed=0, workers=workers, trials=60).configurations == expected.configurations


def test_the_zoom_finds_the_bottom_of_a_bowl() -> None:
    found = run(zoom(8), TASK, seed=0, workers=8, trials=60)
    assert TASK.regrets[found.configurations].min() == 0


def test_a_round_is_given_the_state_that_the_one_before_left() -> None:
    sampler = Sampler(TASK.space, SamplerSpec(), 5, 60)
    results = [Result(number, {"x": number / 16, "y": 0.5, "kind": "a"}, 1.0) for number in range(16)]
    first, second = Round(range(16, 20), results, []), Round(range(20, 23), results, [{"x": 0.5}])
    assert sampler.ask_of(first).state is None
    left = suggest(sampler.ask_of(first)).state
    sampler(first)
    ask = sampler.ask_of(second)
    assert ask.state == left != {}
    assert (ask.first, ask.size, ask.drawn, ask.seen, ask.budget, ask.seed) == (20, 3, 20, 16, 60, 5)
    assert (ask.results, ask.pending) == (results, [{"x": 0.5}])
