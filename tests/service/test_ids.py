"""Ids on the wire."""

import pytest

from service.ids import LARGEST, NEVER_GIVEN, as_key


@pytest.mark.parametrize(("text", "key"), [("1", 1), ("31", 31), (str(LARGEST), LARGEST)])
def test_an_id_stands_for_its_row(text: str, key: int) -> None:
    assert as_key(text) == key


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "1.0", " 1", "1e3", "0x1", "\u0661", "\u00b2", str(LARGEST + 1), "9" * 400]
)
def test_an_id_that_we_never_gave_out_stands_for_no_row(text: str) -> None:
    assert as_key(text) == NEVER_GIVEN
