"""The zoom as a user sees it: the same whatever the number of workers, and really closing in on the best."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from caviar.client import Client
from caviar.parameters import Range
from caviar.scales import to_unit
from caviar.wire.searches import Round
from caviar.wire.trials import TrialDetail
from tests.end_to_end.following import network_spec, trials, wait_for_the_end
from tests.processes import running_processes

SPEC = network_spec(
    dataset="wine",
    space={
        "beta1": {"low": 0.9, "high": 0.999, "scale": "reverse_log"},
        "hidden_units": {"low": 4, "high": 16, "type": "int"},
        "epochs": {"values": [2, 12]},  # so that trials end in another order than they began
    },
    trials=40,
    parallel=8,
)


@dataclass(frozen=True)
class Story:
    """A finished search."""

    rounds: list[Round]
    trials: list[TrialDetail]

    @property
    def workers(self) -> set[str]:
        return {attempt.worker for trial in self.trials for attempt in trial.attempts}

    @property
    def results(self) -> list[tuple[dict[str, Any], float | None, dict[str, float]]]:
        return [(trial.hyperparameters, trial.value, trial.metrics) for trial in self.trials]


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Story]]:
    """One search alone with one worker, then three at once with four."""
    folder = tmp_path_factory.mktemp("zoom")
    with running_processes(folder) as processes:
        server = processes.server(f"sqlite:///{folder / 'caviar.db'}")
        with Client(server.url) as client:
            ids = {"one worker": client.submit(SPEC).id}
            processes.worker(server.url)
            wait_for_the_end(client, *ids.values())
            for _ in range(3):
                processes.worker(server.url)
            others: dict[str, dict[str, Any]] = {
                "four workers": {},
                "another seed": {"seed": 1},
                "minimized": {"goal": "minimize"},
            }
            ids |= {name: client.submit({**SPEC, **fields}).id for name, fields in others.items()}
            wait_for_the_end(client, *ids.values())
            yield {name: Story(client.rounds(id_).items, trials(client, id_)) for name, id_ in ids.items()}


def test_one_worker_and_four_give_the_same_trials_with_the_same_results(stories: dict[str, Story]) -> None:
    one, four = stories["one worker"], stories["four workers"]

    assert (len(one.workers), len(four.workers)) == (1, 4)
    assert [trial.number for trial in four.trials] == list(range(40))
    assert four.results == one.results
    assert four.rounds == one.rounds
    in_time = [[t.number for t in sorted(s.trials, key=lambda t: str(t.finished_at))] for s in (one, four)]
    assert in_time[0] != in_time[1]


def test_another_seed_gives_other_trials(stories: dict[str, Story]) -> None:
    one, other = stories["one worker"], stories["another seed"]
    pairs = list(zip(one.trials, other.trials, strict=True))
    # Both begin with the trainer's defaults.
    assert all((a.hyperparameters != b.hyperparameters) == (a.number > 0) for a, b in pairs)
    assert {a.value for a, _ in pairs} != {b.value for _, b in pairs} or one.results != other.results


def test_every_round_has_its_trials_and_knows_what_it_saw(stories: dict[str, Story]) -> None:
    for story in stories.values():
        assert [(r.round, r.first, r.size, r.seen) for r in story.rounds] == [
            (number, 4 * number, 4, max(0, 4 * (number - 1))) for number in range(10)
        ]
        for round_ in story.rounds:
            for trial in story.trials[round_.first : round_.first + round_.size]:
                assert trial.round == round_.round
            if round_.best is not None:
                seen = [trial.value for trial in story.trials[: round_.seen] if trial.value is not None]
                assert round_.best["value"] in (min(seen), max(seen))


def test_the_boxes_narrow_and_each_parameter_has_its_own_width(stories: dict[str, Story]) -> None:
    story = stories["one worker"]
    first, last = story.rounds[0].box, story.rounds[-1].box

    for name, side in first.items():
        if "values" not in side:
            assert (side["low"], side["high"]) == (SPEC["space"][name]["low"], SPEC["space"][name]["high"])
    widths = {name: _width(name, last[name]) for name in ("learning_rate", "beta1", "hidden_units")}
    assert min(widths.values()) < 0.7
    assert len(set(widths.values())) == 3
    assert _width("learning_rate", story.rounds[1].box["learning_rate"]) == 1.0
    assert len({round_.reason for round_ in story.rounds}) > 2


def _width(name: str, side: dict[str, Any]) -> float:
    """The side's share of the parameter's whole range, on the parameter's own scale."""
    parameter = Range.model_validate(SPEC["space"][name])
    low, high = float(parameter.low), float(parameter.high)
    ends = [to_unit(side[end], low=low, high=high, scale=parameter.scale) for end in ("low", "high")]
    return ends[1] - ends[0]


def test_the_zoom_finds_better_trials_than_it_began_with(stories: dict[str, Story]) -> None:
    values = [trial.value or 0.0 for trial in stories["one worker"].trials]
    assert sum(values[-12:]) / 12 > sum(values[:8]) / 8 + 0.05


def test_the_opposite_goal_leads_to_other_boxes_and_worse_networks(stories: dict[str, Story]) -> None:
    up, down = stories["one worker"], stories["minimized"]
    assert [r.box for r in down.rounds[:2]] == [r.box for r in up.rounds[:2]]
    assert all(a.box != b.box for a, b in zip(up.rounds[3:], down.rounds[3:], strict=True))

    def mean(story: Story) -> float:
        return sum(trial.value or 0.0 for trial in story.trials[-8:]) / 8

    assert mean(down) < mean(up) - 0.2
