"""A gap is told with how sure it is."""

import pytest

from bench.batch_norm_effect import Estimate, Gap, estimate, gap_figures, gap_table


def test_an_estimate_has_the_standard_error_of_its_mean() -> None:
    found = estimate([1.0, 2.0, 3.0, 4.0])
    assert found.mean == 2.5
    assert found.error == pytest.approx(0.6455, abs=1e-4)


def test_table_and_figures_tell_the_error_and_the_gap_without_batch_norm() -> None:
    found = [Gap(16, Estimate(0.174, 0.0265), Estimate(0.114, 0.009))]
    assert gap_table(found).splitlines()[-1].split("  ")[-1].strip() == "0.114 +- 0.009"
    assert gap_figures(found) == {
        "batch_norm_gap": {"16": 0.174},
        "batch_norm_gap_error": {"16": 0.0265},
        "plain_gap": {"16": 0.114},
        "plain_gap_error": {"16": 0.009},
    }
