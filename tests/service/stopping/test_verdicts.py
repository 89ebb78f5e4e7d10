"""Why a trial was stopped, told to a user."""

import math
import re

from service.stopping.asha import Asha
from service.stopping.interface import Cutoff, Entry
from service.stopping.median import Median
from service.stopping.verdicts import told


def test_a_verdict_names_the_rule_the_step_and_both_values() -> None:
    told_by_asha = told(Asha(3, 1), Entry(3, 0.71), Cutoff(0.83, 24), step=3)
    assert told_by_asha == "stopped by asha at step 3: 0.71 is worse than 0.83, the cutoff of 24 finished trials"
    told_by_median = told(Median(1, 5), Entry(4, 1 / 3), Cutoff(0.25, 5), step=4)
    assert told_by_median == (
        "stopped by median at step 4: its best so far, 0.333333, is worse than 0.25, the median of 5 finished trials"
    )


def test_a_report_past_its_rung_names_both() -> None:
    assert "at step 10, past rung 9: " in told(Asha(3, 1), Entry(9, 2.0), Cutoff(1.0, 3), step=10)


def test_a_value_that_is_not_finite_and_a_zero_with_a_sign_read_well() -> None:
    said = told(Asha(3, 1), Entry(3, -math.inf), Cutoff(-0.0, 3), step=3)
    assert said.endswith("a value that is not finite is worse than 0, the cutoff of 3 finished trials")


def test_values_that_six_digits_cannot_tell_apart_are_shown_in_full() -> None:
    said = told(Asha(3, 1), Entry(3, 0.97123457), Cutoff(0.97123451, 3), step=3)
    assert re.findall(r"0\.971234\d+", said) == ["0.97123457", "0.97123451"]
