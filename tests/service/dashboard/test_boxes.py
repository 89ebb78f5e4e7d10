"""A round's box as bars on each parameter's own scale."""

from typing import Any

import pytest

from caviar.parameters import Choice, Range
from caviar.wire.searches import Round
from service.dashboard.boxes import Side, places, rows

LOG = Range(low=0.001, high=10.0, scale="log")
KIND = Choice(values=["a", "b", "c", "d"])


def a_round(number: int = 0, **box: Any) -> Round:
    return Round(round=number, first=0, size=2, seen=0, reason="because", best=None, box=box)


def side(parameter: Any, **given: Any) -> Side:
    (row,) = rows([a_round(x=given)], {"x": parameter})
    (found,) = row.sides
    assert found is not None
    return found


def test_a_bar_covers_its_part_of_the_scale() -> None:
    (span,) = side(LOG, low=0.01, high=0.1).spans
    assert (span.start, span.width) == (25.0, 25.0)


@pytest.mark.parametrize("value", [0.001, 0.1, 10.0])
def test_a_point_can_still_be_seen_inside_the_whole(value: float) -> None:
    found = side(LOG, low=value, high=value)
    (span,) = found.spans
    assert span.width > 1
    assert 0 <= span.start <= span.start + span.width <= 100
    assert "…" not in found.words


def test_choices_have_a_piece_each() -> None:
    found = side(KIND, values=["b", "d", "gone"])
    assert [(span.start, span.width) for span in found.spans] == [(25.0, 25.0), (75.0, 25.0)]


def test_rounds_come_newest_first_and_may_lack_a_parameter() -> None:
    made = rows([a_round(0, x={"low": 0.01, "high": 0.1}), a_round(1)], {"x": LOG})
    assert [row.round.round for row in made] == [1, 0]
    assert made[0].sides == [None]


def test_a_trials_values_have_their_places_and_constants_none() -> None:
    found = places({"x": 0.1, "kind": "a", "constant": 3}, {"x": LOG, "kind": KIND})
    assert found == {"x": 50.0, "kind": 12.5}
