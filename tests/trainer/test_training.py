import math
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.datasets import Table, load
from trainer.epoch import train_epoch
from trainer.evaluation import evaluate
from trainer.hyperparameters import metrics as metrics_of
from trainer.split import WATCHED, Part, Split, split_table
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
    networks = train_epoch(begin(digits, [member]), digits).groups[0].networks
    [metrics] = evaluate([networks], {"train": digits.train, "dev": digits.dev, "test": digits.test})
    assert report.metrics == metrics
    assert len({report.metrics[f"{name}_cost"] for name in ("train", "dev", "test")}) == 3


def test_before_the_last_epoch_train_metrics_are_of_a_sample(digits: Split) -> None:
    member = Member({**SMALL, "epochs": 2}, 1)
    [[first], [_]] = run(digits, [member])
    networks = train_epoch(begin(digits, [member]), digits).groups[0].networks
    assert len(digits.dev.y) < WATCHED < len(digits.train.y)
    sample = Part(digits.train.x[:WATCHED], digits.train.y[:WATCHED])
    assert [first.metrics] == evaluate([networks], {"train": sample, "dev": digits.dev})


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
        run(digits, [Member(SMALL, 1), Member({**SMALL, "batch_size": 17}, 2)])


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


def test_patience_stops_early_and_goes_back_to_the_best_weights(digits: Split) -> None:
    # A learning rate that is far too large for so late: dev gets worse again.
    member = Member({**SMALL, "epochs": 60, "patience": 3, "learning_rate": 0.03, "batch_size": 64}, 3)
    reports = [report for [report] in run(digits, [member])]
    costs = [report.metrics["dev_cost"] for report in reports]
    last = reports[-1]
    assert last.epoch == last.best_epoch + 3 < 60
    assert costs[last.best_epoch - 1] == min(costs)
    assert last.metrics["dev_cost"] == min(costs) < reports[-2].metrics["dev_cost"]
    assert last.network is not None
    assert [last.metrics] == evaluate([last.network], digits.parts)
    assert {name for name in last.metrics if name.startswith("train_")}
    undisturbed = [report for [report] in run(digits, [Member({**member.hparams, "patience": 0}, 3)])]
    assert [report.metrics["dev_cost"] for report in undisturbed][: len(costs) - 1] == costs[:-1]


def test_patience_of_one_member_leaves_the_others_alone(digits: Split) -> None:
    shared = {**SMALL, "batch_size": 64, "learning_rate": 0.03, "epochs": 12}
    members = [Member({**shared, "patience": patience}, 3 + patience) for patience in (0, 1, 2)]
    together = [report for reports in run(digits, members) for report in reports]
    for place, member in enumerate(members):
        alone = [report for [report] in run(digits, [member])]
        theirs = [report for report in together if report.member == place]
        assert [(report.epoch, report.metrics) for report in theirs] == [(r.epoch, r.metrics) for r in alone]


def test_watching_dev_alone_changes_no_number_and_the_last_report_has_all(digits: Split) -> None:
    members = [Member({**SMALL, "epochs": 2}, seed) for seed in range(2)]
    full, watched = list(run(digits, members)), list(run(digits, members, watching=("dev",)))
    assert {name.partition("_")[0] for name in watched[0][0].metrics} == {"dev"}
    assert watched[1] == full[1]
    assert watched[0][0].metrics.items() <= full[0][0].metrics.items()


def test_a_gradient_norm_per_layer_tells_vanishing_from_exploding(digits: Split) -> None:
    def norms(**hparams: Any) -> tuple[float, ...]:
        [[report]] = run(digits, [Member({**SMALL, "layers": 8, "batch_norm": False, "epochs": 1} | hparams, 1)])
        return report.gradient_norms

    vanishing = norms(activation="sigmoid", learning_rate=1e-6)
    assert len(vanishing) == 9
    assert 0 < vanishing[0] < 1e-4 * vanishing[-1]
    healthy = norms(activation="relu", learning_rate=1e-6, hidden_units=64)
    assert healthy[0] > 1e-2 * healthy[-1]


def test_who_diverges_says_at_which_step(digits: Split) -> None:
    wild = {**SMALL, "batch_norm": False, "epochs": 3, "optimizer": "gradient_descent", "learning_rate": 1e30}
    [[report]] = run(digits, [Member(wild, 2)])
    # The first step leads far away; the second finds no finite gradient there, or the third at the latest.
    assert report.is_diverged
    assert report.diverged_at in (2, 3)
    [[tame]] = run(digits, [Member({**SMALL, "epochs": 1}, 2)])
    assert tame.diverged_at == 0


def test_clipping_saves_a_network_from_exploding(digits: Split) -> None:
    wild = {**SMALL, "batch_norm": False, "optimizer": "gradient_descent", "learning_rate": 300.0, "epochs": 2}
    exploded, clipped = next(run(digits, [Member(wild, 1), Member({**wild, "clip_norm": 1e-3}, 1)]))
    assert clipped.metrics["train_cost"] < 3
    assert exploded.is_diverged or exploded.metrics["train_cost"] > 100


@pytest.mark.parametrize(
    "hparams",
    [
        {"keep_prob": 0.8},
        {"l2": 0.1, "l1": 0.01, "penalise_biases": True},
        {"noise": 0.3},
        {"clip_norm": 1.0},
        {"decay": "cosine", "learning_rate": 0.01},
        {"optimizer": "rmsprop"},
        {"optimizer": "gradient_descent", "learning_rate": 0.3},
        {"optimizer": "classical_momentum", "learning_rate": 0.02},
        {"activation": "tanh"},
        {"activation": "sigmoid", "learning_rate": 0.01},
        {"activation": "leaky_relu", "batch_norm": False},
        {"initialisation": "glorot"},
    ],
    ids=str,
)
def test_every_technique_learns_digits(digits: Split, hparams: dict[str, Any]) -> None:
    members = [Member({"hidden_units": 48, "learning_rate": 0.005, "epochs": 12} | hparams, seed) for seed in range(2)]
    *_, last = run(digits, members)
    assert min(report.metrics["dev_accuracy"] for report in last) > 0.93


def test_one_output_with_a_sigmoid_learns_as_two_with_a_softmax() -> None:
    split = split_table(load("breast_cancer"), seed=0)
    for output in ("sigmoid", "softmax"):
        *_, [last] = run(split, [Member({"hidden_units": 16, "output": output, "batch_size": 32}, 1)])
        assert last.metrics["dev_auc"] > 0.95


def test_numbers_are_learned_with_a_squared_error() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 3)).astype(np.float32)
    y = (100 * (x[:, 0] * x[:, 1]) + 1000).astype(np.float32)
    *_, [last] = run(split_table(Table(x, y, ()), seed=0), [Member({"epochs": 60, "learning_rate": 0.01}, 1)])
    assert set(last.metrics) == set(metrics_of("regression"))
    assert last.metrics["dev_r2"] > 0.8


def test_a_report_says_how_many_examples_a_step_really_took(digits: Split) -> None:
    for asked, taken in ((256, 256), (5000, 1437), ("all", 1437)):
        [[report]] = run(digits, [Member({**SMALL, "batch_size": asked, "epochs": 1}, 1)])
        assert report.batch_size == taken


def test_penalties_and_dropout_may_begin_between_epochs_beside_networks_of_other_shapes(digits: Split) -> None:
    wide = Member({**SMALL, "hidden_units": 64, "optimizer": "rmsprop", "epochs": 3}, 1)
    members = [Member({**SMALL, "hidden_units": 16, "epochs": 3}, 0), wide]
    plain = list(run(digits, members))
    for change in ({"l2": 0.1}, {"l1": 0.1}, {"keep_prob": 0.5}):
        changed = list(run(digits, members, changing=partial(dict, {0: change})))
        assert [reports[1] for reports in changed] == [reports[1] for reports in plain]
        assert changed[0][0] == plain[0][0]
        assert changed[1][0].metrics != plain[1][0].metrics
