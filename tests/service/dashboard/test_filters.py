"""The filter's language."""

import pytest

from caviar.errors import InvalidRequest
from service.dashboard.filters import parse, passes

ROW = {"x": 0.5, "layers": 3, "kind": "a", "wide": True, "state": "completed", "odd:name": 1e-5}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "x=0.5",
        "x=5e-1",
        "x=0.5..0.5",
        "x=..0.5",
        "x=0.5..",
        "x<0.6",
        "x > 0.4",
        "layers=2|3",
        "layers=3.0",
        "kind=a",
        'kind="a"',
        "kind=b|a",
        "wide=true",
        "state=completed x>0",
        "odd:name=1e-5",
    ],
)
def test_a_row_that_matches_passes(text: str) -> None:
    assert passes(parse(text), ROW)


@pytest.mark.parametrize(
    "text",
    ["x=0.4", "x=0.6..", "x=..0.4", "x<0.4", "layers=2|4", "kind=b", "wide=1", "none=3", "x=0.5 kind=b", "kind>1"],
)
def test_a_row_that_does_not_match_does_not(text: str) -> None:
    assert not passes(parse(text), ROW)


@pytest.mark.parametrize("text", ["x", "x=", "x==3", "3=x", "x=1 y", "x=a..b", "x<b", 'x="', "x=1 | 2"])
def test_what_is_not_understood_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(InvalidRequest, match="the filter"):
        parse(text)
