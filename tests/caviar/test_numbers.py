"""Numbers as JSON can carry them."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from caviar.numbers import Number, from_wire, to_wire


class Row(BaseModel):
    value: Number


@given(st.floats())
def test_every_float_survives_a_strict_json_reader(value: float) -> None:
    text = Row(value=value).model_dump_json()
    strict = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    back = Row.model_validate(strict).value
    assert back == value or (math.isnan(back) and math.isnan(value))


@pytest.mark.parametrize(
    ("value", "name"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (0.5, 0.5)]
)
def test_what_is_not_finite_travels_under_its_name(value: float, name: float | str) -> None:
    assert to_wire(value) == name


@pytest.mark.parametrize("value", [True, "1.0", "nan", "inf", "", None, [1.0], 10**400])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        Row(value=value)


def test_an_integer_beyond_every_double_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="too large for a double"):
        from_wire(10**400)
