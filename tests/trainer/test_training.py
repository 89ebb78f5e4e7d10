import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trainer.datasets import load
from trainer.epoch import train_epoch
from trainer.evaluation import evaluate
from trainer.hyperparameters import metrics as metrics_of
from trainer.split import Split, split_table
from trainer.stack import Member, begin
from trainer.training import Report, run

ROOT = Path(__file__).parents[2]
METRICS = metrics_of("classification")
EPOCH_METRICS = [name for name in METRICS if not name.startswith("test_")]
SMALL = {"hidden_units": 8, "batch_size": 256}


def test_every_member_reports_every_epoch_and_the_test_metrics_at_its_own_end(digits: Split) -> None:
    members = [Member({**SMALL, "epochs": epochs}, seed) for seed, epochs in enumerate([2, 1, 4])]
    epochs = list(run(digits, members))
    assert [[(report.member, report.epoch) for report in reports] for reports in epochs] == [
        [(0, 1), (1, 1), (2, 1)],
        [(0, 2), (2, 2)],
        [(2, 3)],
        [(2, 4)],
    ]
    for report in (report for reports in epochs for report in reports):
        assert report.is_finished == (report.epoch == members[report.member].hparams["epochs"])
        assert set(report.metrics) == set(METRICS if report.is_finished else EPOCH_METRICS)
        assert all(type(value) is float for value in report.metrics.values())
        assert not report.is_diverged


def test_the_metrics_are_those_of_the_part_they_are_named_after(digits: Split) -> None:
    member = Member({**SMALL, "epochs": 1}, 1)
    [[report]] = run(digits, [member])
    networks = train_epoch(begin(digits, [member]), digits).networks
    for name, part in [("train", digits.train), ("dev", digits.dev), ("test", digits.test)]:
        [metrics] = evaluate(networks, part.x, part.y)
        assert {metric: report.metrics[f"{name}_{metric}"] for metric in metrics} == metrics
    assert len({report.metrics[f"{name}_cost"] for name in ("train", "dev", "test")}) == 3


def test_who_is_told_to_leave_reports_no_more_and_the_others_report_the_same(digits: Split) -> None:
    members = [Member({**SMALL, "epochs": 4}, seed) for seed in range(4)]
    undisturbed = list(run(digits, members))
    asked: list[set[int]] = []

    def leaving() -> set[int]:
        asked.append({1} if not asked else {1, 3})
        return asked[-1]

    epochs = list(run(digits, members, leaving=leaving))
    assert [[report.member for report in reports] for reports in epochs] == [[0, 1, 2, 3], [0, 2, 3], [0, 2], [0, 2]]
    assert len(asked) == 4
    for reports, all_reports in zip(epochs, undisturbed, strict=True):
        assert reports == [all_reports[report.member] for report in reports]


def test_when_all_leave_the_training_ends(digits: Split) -> None:
    members = [Member({**SMALL, "epochs": 9}, seed) for seed in range(3)]
    assert len(list(run(digits, members, leaving=lambda: {0, 1, 2}))) == 1


def test_the_caller_is_asked_after_it_has_dealt_with_the_reports_and_not_before(digits: Split) -> None:
    told: set[int] = set()
    seen = []
    for reports in run(digits, [Member({**SMALL, "epochs": 3}, seed) for seed in range(2)], leaving=lambda: told):
        seen.append([report.member for report in reports])
        told.add(0)
    assert seen == [[0, 1], [1], [1]]


def test_a_member_that_diverges_says_so_once_and_leaves_the_others_alone(digits: Split) -> None:
    tame = [Member({**SMALL, "batch_norm": False, "epochs": 3}, seed) for seed in range(2)]
    wild = Member({**SMALL, "batch_norm": False, "epochs": 3, "learning_rate": 1e30}, 2)
    epochs = list(run(digits, [tame[0], wild, tame[1]]))
    last = [reports[1] for reports in epochs if len(reports) == 3]
    assert [(report.member, report.epoch, report.is_finished, report.is_diverged) for report in last] == [
        (1, 1, True, True)
    ]
    assert set(last[0].metrics) == set(METRICS)
    assert all(math.isnan(value) for value in last[0].metrics.values())
    without = [[(report.epoch, report.metrics) for report in reports] for reports in run(digits, tame)]
    with_it = [[(report.epoch, report.metrics) for report in reports if report.member != 1] for reports in epochs]
    assert with_it == without


def test_members_that_cannot_be_trained_together_are_refused_before_the_first_epoch(digits: Split) -> None:
    with pytest.raises(ValueError, match="one stack key"):
        run(digits, [Member(SMALL, 1), Member({**SMALL, "layers": 1}, 2)])


def test_the_same_member_gives_the_same_reports_again_and_another_seed_others(digits: Split) -> None:
    def curve(seed: int) -> list[list[Report]]:
        return list(run(digits, [Member({**SMALL, "epochs": 2}, seed)]))

    assert curve(1) == curve(1)
    assert curve(1) != curve(2)


def test_l2_makes_the_training_set_fit_worse(digits: Split) -> None:
    members = [
        Member({**SMALL, "batch_norm": False, "epochs": 10, "learning_rate": 0.01, "l2": l2}, 1) for l2 in (0, 30)
    ]
    *_, last = run(digits, members)
    assert last[1].metrics["train_cost"] > 1.5 * last[0].metrics["train_cost"]


@pytest.mark.parametrize(
    ("name", "hparams", "accuracy"),
    [
        ("digits", {"hidden_units": 80, "learning_rate": 0.003}, 0.97),
        ("digits", {"hidden_units": 80, "learning_rate": 0.1, "optimizer": "momentum"}, 0.95),
        ("digits", {"hidden_units": 80, "learning_rate": 0.003, "batch_norm": False}, 0.95),
        ("digits", {"layers": 0, "learning_rate": 0.01}, 0.94),
        ("iris", {"hidden_units": 16, "learning_rate": 0.01, "batch_size": 16}, 0.9),
        ("wine", {"hidden_units": 16, "learning_rate": 0.01, "batch_size": 16}, 0.9),
        ("breast_cancer", {"hidden_units": 16, "learning_rate": 0.01, "batch_size": 32}, 0.9),
    ],
)
def test_real_data_is_learned(name: str, hparams: dict[str, Any], accuracy: float) -> None:
    reached = []
    for seed in range(3):
        *_, [last] = run(split_table(load(name), seed=seed), [Member(hparams, seed)])
        reached.append(last.metrics["dev_accuracy"])
    assert sum(reached) / 3 >= accuracy


def test_training_loads_scikit_learn_only_when_there_is_data_to_load() -> None:
    loaded = "import sys, trainer.training; print({'sklearn', 'scipy'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"
