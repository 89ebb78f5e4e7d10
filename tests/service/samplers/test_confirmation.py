"""Confirmations: the last numbers of a budget run the leaders again."""

import pytest

from caviar.states import Origin
from service.samplers.confirmation import suggestions, total, turns
from service.samplers.interface import Result
from tests.service.samplers.play import a_space, an_ask

SPACE = a_space(n={"low": 0, "high": 99, "type": "int"})
LEADERS = [Result(number, {"n": number}, float(number)) for number in range(20, 30)]


@pytest.mark.parametrize(
    ("budget", "confirm", "expected"), [(40, None, 3), (40, 0, 0), (40, 9, 4), (9, None, 0), (10, 3, 1), (1000, 50, 50)]
)
def test_they_are_at_most_a_tenth_of_the_budget(budget: int, confirm: int | None, expected: int) -> None:
    assert total(an_ask(SPACE, sampler={"name": "zoom", "confirm": confirm}, budget=budget)) == expected


def test_they_are_the_last_numbers_of_the_budget_however_rounds_fall() -> None:
    def told(first: int, size: int) -> list[int]:
        return list(turns(an_ask(SPACE, first=first, size=size, budget=40)))

    assert [told(first, 4) for first in (0, 32, 36)] == [[], [], [0, 1, 2]]
    assert [told(first, 1) for first in range(36, 40)] == [[], [0], [1], [2]]
    assert told(0, 40) == [0, 1, 2]


def test_the_leaders_take_turns_each_with_its_trial_as_parent() -> None:
    made = suggestions(an_ask(SPACE, budget=40), LEADERS, turns=range(5))
    assert [(s.origin, s.parent, s.hyperparameters) for s in made] == [
        (Origin.CONFIRM, number, {"n": number}) for number in (20, 21, 22, 20, 21)
    ]


def test_a_point_that_was_run_again_counts_once_and_under_its_first_trial() -> None:
    again = [
        Result(31, {"n": 21}, 0.1),
        Result(21, {"n": 21}, 0.3),
        Result(32, {"n": 25}, 0.4),
        Result(7, {"n": 25}, 9.0),
    ]
    made = suggestions(an_ask(SPACE, budget=40), again, turns=range(3))
    assert [s.parent for s in made] == [21, 7, 21]


def test_what_failed_or_was_stopped_leads_nothing() -> None:
    leaders = [Result(1, {"n": 1}, None), Result(2, {"n": 2}, 0.1, step=9), Result(3, {"n": 3}, 0.5)]
    assert [s.parent for s in suggestions(an_ask(SPACE, budget=40), leaders, turns=range(2))] == [3, 3]
    assert suggestions(an_ask(SPACE, budget=40), leaders[:2], turns=range(2)) == []
