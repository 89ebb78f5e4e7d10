"""What to do next: bias and variance of a trained network, and the basic recipe's advice.

Bias is how far the error on the training set lies above the optimal error (that of a person, or of the best possible
rule); variance is how far the error on dev lies above that on the training set.
Source: the basic recipe for machine learning of the field's first course: first the bias, then the variance.
"""

from dataclasses import dataclass

TOLERANCE = 0.02
"""A gap above it is high: of 1% and 11%, 15% and 16%, 15% and 30%, 0.5% and 1% it tells what the course tells."""


@dataclass(frozen=True)
class Diagnosis:
    """The two gaps, which may be negative, and whether they are high."""

    bias: float
    variance: float
    has_high_bias: bool
    has_high_variance: bool

    @property
    def verdict(self) -> str:
        """One of the four cases."""
        return {
            (True, True): "high bias and high variance",
            (True, False): "high bias",
            (False, True): "high variance",
            (False, False): "neither high bias nor high variance",
        }[self.has_high_bias, self.has_high_variance]

    @property
    def advice(self) -> str:
        """What the basic recipe says to try, the bias first."""
        steps = ["try a bigger network, or train longer"] * self.has_high_bias
        steps += ["get more data, or regularise: l2, keep_prob, patience, noise"] * self.has_high_variance
        return "; then ".join(steps) or "done: what is left is the optimal error"


def diagnose(*, train_error: float, dev_error: float, optimal_error: float = 0.0) -> Diagnosis:
    """From errors in [0, 1]. Raises ValueError for other numbers, NaN included: a diverged network has no errors."""
    for name, error in (("train_error", train_error), ("dev_error", dev_error), ("optimal_error", optimal_error)):
        if not 0 <= error <= 1:
            raise ValueError(f"{name} is {error}; it must be a share of examples, from 0 to 1.")
    bias, variance = train_error - optimal_error, dev_error - train_error
    return Diagnosis(bias, variance, bias > TOLERANCE, variance > TOLERANCE)
