from typing import Any

import pytest

from caviar.words import box_words, duration_words, value_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.98333333, "0.98333"),
        (0.00002010345, "2.01e-05"),
        (64.0, "64"),
        (float("nan"), "nan"),
        (64, "64"),
        (True, "true"),
        (None, "null"),
        ("adam", "adam"),
        ([80, 40], "80 40"),
        ("red\x1b[31m", '"red\\u001b[31m"'),
    ],
)
def test_a_value_is_short_and_never_controls_the_terminal(value: object, words: str) -> None:
    assert value_words(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (59.2, "1 min 0 s"), (125.0, "2 min 5 s"), (7260.0, "2 h 1 min")]
)
def test_a_duration_is_rounded_up_to_what_one_waits_for(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_a_box_is_its_sides() -> None:
    box: dict[str, dict[str, Any]] = {
        "learning_rate": {"low": 0.0012345, "high": 0.02},
        "layers": {"low": 2, "high": 2},
        "batch_size": {"values": [64, 128]},
    }

    assert box_words(box) == "learning_rate 0.001234…0.02, layers 2, batch_size 64|128"
