"""Errors in a person's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.errors import FieldError
from caviar.validation import one_sentence, pointer, sentence

parts = st.lists(st.text(max_size=4) | st.integers(0, 9), max_size=4)


@given(parts, parts)
def test_two_places_never_share_a_pointer(one: list[str | int], other: list[str | int]) -> None:
    assert (pointer(one) == pointer(other)) == (list(map(str, one)) == list(map(str, other)))


def test_a_pointer_is_escaped_as_rfc_6901_says() -> None:
    assert pointer(("a/b", "m~n", 0)) == "/a~1b/m~0n/0"


def test_one_sentence_names_the_first_field_and_counts_the_others() -> None:
    first, second = FieldError("/space/x/low", "is missing"), FieldError("", "must be an object")
    assert one_sentence([first]) == "space.x.low: is missing"
    assert one_sentence([second]) == "must be an object"
    assert one_sentence([first, second]) == "space.x.low: is missing (and 1 more)"


@pytest.mark.parametrize(
    ("kind", "context", "expected"),
    [
        ("json_invalid", {"error": "expected value"}, "the body is not JSON: expected value"),
        ("json_invalid", {}, "the body is not JSON: it could not be read"),
        ("model_attributes_type", {}, "must be an object"),
        ("too_long", {"max_length": 3}, "holds more than 3 items"),
    ],
)
def test_a_body_of_the_wrong_form_is_told_in_words(kind: str, context: dict[str, object], expected: str) -> None:
    assert sentence({"type": kind, "loc": (), "msg": "", "input": {}, "ctx": context}, ()) == expected


def test_a_long_value_is_cut_in_the_sentence() -> None:
    text = sentence({"type": "string_too_long", "loc": ("name",), "input": "x" * 999, "ctx": {"max_length": 9}}, ())
    assert text.startswith("is too long; at most 9 characters (given: 'xxx")
    assert len(text) < 120
