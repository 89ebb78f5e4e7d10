"""The benchmark of the queue: its figures, their verdicts, and a small run of all of it."""

import json
import subprocess
import sys

import pytest

from bench.queue_cost import report
from bench.queue_cost.flat import VERBS, Behind, Flatness
from bench.queue_cost.heartbeats import Heartbeats
from bench.queue_cost.throughput import Rates
from tests.house.tree import ROOT

RATES = Rates(
    {
        "one": {"caviar": [100.0, 300.0, 200.0], "caviar_client": [90.0], "optuna": [20.0, 30.0, 50.0]},
        "batch": {"caviar": [1000.0, 1000.0, 1000.0], "optuna": [20.0, 10.0, 5.0]},
        "eight": {"caviar": [90.0, 330.0, 100.0], "optuna": [30.0, 30.0, 50.0]},
    }
)


def test_a_ratio_is_the_median_of_those_within_the_rounds() -> None:
    assert RATES.ratio("one") == 5.0, "of 5, 10 and 4; that of the medians is 6.7"
    assert RATES.eight_to_one() == 0.9


def test_each_way_is_judged_by_what_it_must_reach() -> None:
    one, batch, eight = report.rates_table(RATES).splitlines()[2:]
    assert one.endswith("must 5 reached")
    assert batch.endswith("must 80 reached")
    assert eight.endswith("0.90x of one client, must 1 MISSED")


def test_the_last_line_has_rates_and_ratios() -> None:
    figures = report.rates_figures(RATES)
    assert figures["one"] == {"caviar": 200.0, "caviar_client": 90.0, "optuna": 30.0, "ratio": 5.0}
    assert figures["batch"] == {"caviar": 1000.0, "optuna": 10.0, "ratio": 100.0}
    assert figures["eight"] == {"caviar": 100.0, "optuna": 30.0, "ratio": 3.0, "vs_one": 0.9}


def test_without_optuna_there_are_rates_and_no_ratios() -> None:
    ours = Rates({way: {"caviar": sides["caviar"]} for way, sides in RATES.rounds.items()})
    assert report.rates_figures(ours)["one"] == {
        "caviar": 200.0,
        "caviar_client": None,
        "optuna": None,
        "ratio": None,
    }
    assert "no figure (must 5)" in report.rates_table(ours)


def test_flatness_is_told_by_verb_and_judged() -> None:
    few, many = ({verb: [seconds] * 3 for verb in VERBS} for seconds in (0.002, 0.004))
    found = Flatness({1000: Behind(few, 100.0), 10_000: Behind(many, 120.0)})
    figures = report.flat_figures(found)
    assert figures["flat"] == dict.fromkeys(VERBS, 2.0)
    assert figures["ms"]["claim"] == {"1000": {"p50": 2.0, "p99": 2.0}, "10000": {"p50": 4.0, "p99": 4.0}}
    assert (figures["memory"], figures["memory_mb"]) == (1.2, {"1000": 100.0, "10000": 120.0})
    assert all(line.endswith("2.00x  must 1.25 MISSED") for line in report.flat_table(found).splitlines()[2:])
    assert report.memory_line(found).endswith("1.20x, must 1.3 reached")


def test_heartbeats_are_told_with_the_share_in_time() -> None:
    found = Heartbeats([0.01] * 3 + [2.0], cpu_share=0.25)
    told = report.heartbeats_figures(found, workers=2)["heartbeats"]
    assert (told["workers"], told["in_time"], told["cpu"]) == (2, 0.75, 0.25)
    assert "75.00% answered within a second" in report.heartbeats_line(found, workers=2)


@pytest.mark.long
def test_a_quick_run_measures_all_of_it() -> None:
    command = [sys.executable, "-m", "bench.service", "--quick", "--db", "sqlite"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout.splitlines()[-1])["sqlite"]
    assert {way for way in ("one", "batch", "eight") if figures[way]["caviar"] > 0} == {"one", "batch", "eight"}
    assert all(ratio > 0 for ratio in figures["flat"].values())
    assert figures["heartbeats"]["workers"] == 100
