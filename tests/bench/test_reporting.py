"""What the benchmarks print."""

import json
import math

import pytest

from bench.reporting import at_most, last_line, milliseconds, table, times, verdict


def test_a_table_aligns_its_columns() -> None:
    assert table(["name", "ms"], [["a", "1.25"], ["longer", "10"]]).splitlines() == [
        "name      ms",
        "------  ----",
        "a       1.25",
        "longer    10",
    ]


def test_the_last_line_is_json_with_null_where_there_is_no_figure() -> None:
    line = last_line({"vs_torch": {"mixed": 2.834567, "other": None}, "seconds": math.nan, "trials": 100})
    assert "\n" not in line
    assert json.loads(line) == {"vs_torch": {"mixed": 2.835, "other": None}, "seconds": None, "trials": 100}


@pytest.mark.parametrize(
    ("figure", "says"),
    [
        (None, "no figure (must 2)"),
        (1.99, "must 2 MISSED"),
        (2.0, "must 2 reached"),
        (3.5, "goal 3.5 reached"),
    ],
)
def test_a_verdict_says_which_of_both_is_reached(figure: float | None, says: str) -> None:
    assert verdict(figure, must=2, goal=3.5) == says


def test_a_verdict_on_what_is_to_be_small_counts_the_limit_itself_as_reached() -> None:
    assert [at_most(figure, must=1.25) for figure in (1.25, 1.26)] == ["must 1.25 reached", "must 1.25 MISSED"]


def test_ratios_and_times_have_the_digits_they_deserve() -> None:
    assert [times(None), times(3.536), times(24.12)] == ["-", "3.54x", "24.1x"]
    assert [milliseconds(0.00234), milliseconds(2.3456)] == ["2.3", "2346"]
