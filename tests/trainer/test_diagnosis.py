import math

import pytest

from trainer.diagnosis import diagnose


@pytest.mark.parametrize(
    ("train_error", "dev_error", "verdict"),
    [
        (0.01, 0.11, "high variance"),
        (0.15, 0.16, "high bias"),
        (0.15, 0.30, "high bias and high variance"),
        (0.005, 0.01, "neither high bias nor high variance"),
    ],
)
def test_the_four_cases_of_the_course(train_error: float, dev_error: float, verdict: str) -> None:
    assert diagnose(train_error=train_error, dev_error=dev_error).verdict == verdict


def test_bias_is_measured_from_the_optimal_error() -> None:
    assert not diagnose(train_error=0.15, dev_error=0.16, optimal_error=0.15).has_high_bias


def test_the_advice_is_the_basic_recipe_s_bias_first() -> None:
    advice = diagnose(train_error=0.15, dev_error=0.3).advice
    assert advice.startswith("try a bigger network, or train longer; then get more data, or regularise")
    assert diagnose(train_error=0, dev_error=0).advice.startswith("done")


@pytest.mark.parametrize("error", [math.nan, -0.1, 1.5])
def test_what_is_no_error_is_refused(error: float) -> None:
    with pytest.raises(ValueError, match="dev_error is"):
        diagnose(train_error=0.1, dev_error=error)
