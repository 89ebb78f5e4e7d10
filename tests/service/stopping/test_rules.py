"""What holds of every stopping rule, and each against a reference of its own."""

import math
import random
from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.stopping import RULES, AshaStopping, MedianStopping, NoStopping, StoppingName, parse
from service.stopping.asha import Asha
from service.stopping.interface import WORST, Cutoff, Rule, cutoffs, from_json, is_stopped, rung_at, to_json
from service.stopping.median import Median
from service.stopping.registry import rule_for

every_rule = pytest.mark.parametrize(
    "rule",
    [Asha(3, 1), Asha(2, 5), Asha(10, 1), Median(1, 5), Median(7, 1)],
    ids=["asha", "asha from 5", "asha of ten", "median", "median from 7"],
)
scores = st.floats(allow_nan=False, allow_infinity=False, width=32)
entries = st.lists(scores | st.just(WORST), max_size=60)


def goes_on(rule: Rule, others: list[float], entry: float) -> bool:
    return not is_stopped(entry, cutoffs(rule, {1: others}).get(1))


def test_every_name_a_spec_may_give_has_a_rule() -> None:
    assert RULES.keys() == set(StoppingName)
    assert [rule_for(parse({"name": name})) is not None for name in ("none", "median", "asha")] == [False, True, True]
    assert rule_for(NoStopping()) is None
    assert rule_for(AshaStopping(eta=4, min_steps=2)) == Asha(eta=4, min_steps=2)
    assert rule_for(MedianStopping(min_trials=9)) == Median(min_steps=1, min_trials=9)


@every_rule
@given(others=entries, entry=scores | st.just(WORST), order=st.randoms(use_true_random=False))
def test_the_order_of_the_entries_does_not_matter(
    rule: Rule, others: list[float], entry: float, order: random.Random
) -> None:
    shuffled = order.sample(others, len(others))
    assert cutoffs(rule, {1: shuffled}) == cutoffs(rule, {1: others})


@every_rule
@given(others=entries, one=scores, other=scores | st.just(WORST))
def test_where_a_trial_goes_on_every_better_one_does(rule: Rule, others: list[float], one: float, other: float) -> None:
    better, worse = sorted((one, other))
    assert goes_on(rule, others, better) >= goes_on(rule, others, worse)


@every_rule
@given(others=entries, entry=scores | st.just(WORST), worse=st.lists(st.floats(0, 1e6), min_size=60, max_size=60))
def test_where_the_others_are_worse_nobody_is_stopped_who_was_not(
    rule: Rule, others: list[float], entry: float, worse: list[float]
) -> None:
    risen = [score + more for score, more in zip(others, worse, strict=False)]
    assert goes_on(rule, risen, entry) >= goes_on(rule, others, entry)


@every_rule
@given(others=entries.filter(bool))
def test_the_best_of_all_goes_on(rule: Rule, others: list[float]) -> None:
    assert goes_on(rule, others, min(others))


@every_rule
def test_where_nobody_has_finished_nobody_is_stopped(rule: Rule) -> None:
    assert cutoffs(rule, {}) == cutoffs(rule, {1: []}) == {}
    assert goes_on(rule, [], WORST)


@every_rule
def test_a_rung_where_all_diverged_has_no_cutoff(rule: Rule) -> None:
    assert cutoffs(rule, {1: [WORST] * 20}) == {}


@every_rule
def test_a_diverged_trial_is_worse_than_any_cutoff(rule: Rule) -> None:
    assert not goes_on(rule, [1e300] * 20, WORST)
    assert goes_on(rule, [1e300] * 20, 1e300)


@given(eta=st.integers(2, 6), others=entries, entry=scores)
def test_asha_lets_the_best_of_all_go_on_by_the_papers_count(eta: int, others: list[float], entry: float) -> None:
    """Algorithm 2 of the paper: of the |rung| trials, this one among them, the top floor(|rung| / eta)."""
    rung = sorted([*others, entry])
    is_top = bisect_left(rung, entry) < len(rung) // eta
    if len(others) < eta:
        assert goes_on(Asha(eta, 1), others, entry)
    elif WORST not in rung[: len(rung) // eta]:
        assert goes_on(Asha(eta, 1), others, entry) == is_top


@given(others=st.lists(scores, max_size=40), entry=scores, least=st.integers(1, 20))
def test_the_median_rule_stops_what_is_worse_than_numpys_median(others: list[float], entry: float, least: int) -> None:
    expected = len(others) < least or entry <= float(np.median(others))
    assert goes_on(Median(1, least), others, entry) == expected


def test_a_cutoff_says_of_how_many_trials_it_was_taken_and_is_plain_json() -> None:
    found = cutoffs(Asha(3, 1), {1: [3.0, 1.0, 2.0, 4.0, 5.0], 3: [1.0, 2.0], 9: [0.5] * 3})
    assert found == {1: Cutoff(2.0, 5), 9: Cutoff(0.5, 3)}
    assert to_json(found) == {"1": {"score": 2.0, "trials": 5}, "9": {"score": 0.5, "trials": 3}}
    assert from_json(to_json(found)) == found
    assert from_json(None) == {}


def test_the_rungs_of_asha_are_powers_of_eta() -> None:
    assert Asha(3, 1).rungs(up_to=100) == [1, 3, 9, 27, 81]
    assert Asha(4, 5).rungs(up_to=80) == [5, 20, 80]


def test_the_rungs_of_the_median_grow_by_half() -> None:
    assert Median(1, 5).rungs(up_to=50) == [1, 2, 3, 4, 6, 9, 13, 19, 28, 42]
    assert Median(10, 5).rungs(up_to=34) == [10, 15, 22, 33]


@every_rule
@given(step=st.integers(0, 2**53 - 1))
def test_a_step_has_reached_the_highest_rung_up_to_it(rule: Rule, step: int) -> None:
    rungs = rule.rungs(up_to=step)
    assert rungs == sorted(set(rungs))
    assert len(rungs) <= 2 + 1.8 * math.log2(max(step, 1))
    assert rung_at(rule, step) == max((rung for rung in rule.rungs(up_to=2**53) if rung <= step), default=None)


def test_asha_enters_the_score_at_the_rung_and_median_the_best_so_far() -> None:
    for rule, expected in ((Asha(3, 1), 0.75), (Median(1, 5), 0.5)):
        assert rule.entry(0.75, before=0.5) == expected
        assert rule.entry(0.25, before=0.5) == 0.25
        assert rule.entry(0.75, before=WORST) == 0.75
