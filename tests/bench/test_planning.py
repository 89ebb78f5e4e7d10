"""The benchmark of planning measures what it says, and judges it."""

import pytest

from bench.answering import Answers, answers
from bench.planning import answer_figures, suggestion_figures, within
from bench.suggesting import cost


@pytest.mark.parametrize("parallel", [1, 8])
def test_a_search_is_filled_and_round_after_round_is_planned(parallel: int) -> None:
    found = cost(60, parallel=parallel, turns=2)
    assert min(found.look, found.plan, found.store) > 0
    assert found.whole == found.look + found.plan + found.store


def test_a_waiting_claim_is_answered_by_the_finish_that_unblocks_it() -> None:
    found = answers(finished=12, turns=2)
    assert len(found.claims) == len(found.finishes) == 2
    assert all(0 < seconds < 15 for seconds in found.claims), "otherwise the wait ended by itself"


def test_the_figures_are_milliseconds_by_parallel_and_trials() -> None:
    found = cost(20, parallel=2, turns=1)
    assert suggestion_figures({(200, 2): found}) == {"2@200": 1000 * found.whole}
    seconds = [0.01 * n for n in range(1, 22)]
    figures = answer_figures(Answers(claims=seconds, finishes=seconds[:5]))
    assert figures == pytest.approx({"median": 110, "p95": 200, "finish": 30})


def test_what_may_take_so_long_is_judged_and_the_rest_is_not() -> None:
    assert within(9.9, 10) == "must 10 reached"
    assert within(10.1, 10) == "must 10 MISSED"
    assert within(1000, None) == "-"
