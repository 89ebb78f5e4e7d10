"""How much memory a stack needs, so that a worker takes no more into one array than its machine can hold.

An estimate from above of what grows with the number of networks: weights and what the optimizer keeps of them, the
arrays of one step, one piece of an evaluation, the logits of the training set, and what dropout draws for an epoch.
"""

from collections.abc import Mapping
from typing import Any

from trainer.architecture import architecture_of
from trainer.evaluation import EXAMPLES_AT_ONCE
from trainer.hyperparameters import batch_size, complete, keep_probs
from trainer.lanes import padded
from trainer.split import Split
from trainer.targets import n_outputs, output_of

FLOAT = 4
"""Bytes of a float32."""


def member_bytes(hparams: Mapping[str, Any], split: Split) -> int:
    """What one member of a stack needs while it is trained."""
    whole = complete(hparams)
    n_examples, n_inputs = split.train.x.shape
    output = output_of(whole, n_classes=split.n_classes)
    outputs = n_outputs(output, n_classes=split.n_classes)
    architecture = architecture_of(whole, n_inputs=n_inputs, n_outputs=outputs, output=output)
    units = sum(map(padded, architecture.hidden)) + outputs
    # Params and two averages, each before and after an epoch; the gradient, its last copy, the best weights so far.
    weights = 10 * architecture.n_params
    step = (n_inputs + 10 * units) * max(batch_size(whole, n_examples=n_examples), EXAMPLES_AT_ONCE)
    # Logits, probabilities and what the metrics make of them, some in float64.
    evaluation = 10 * outputs * n_examples
    has_dropout = any(prob < 1 for prob in keep_probs(whole))
    # Two bytes each, once as they are drawn and once in their lanes.
    drawn = 4 * n_examples * units * has_dropout
    return int(FLOAT * (weights + step + evaluation) + drawn)


def fitting_bytes(budget_bytes: int, hparams: Mapping[str, Any], split: Split) -> int:
    """`member_bytes` of a network that fits into the budget. Raises ValueError with a sentence if it does not."""
    needed = member_bytes(hparams, split)
    if needed > budget_bytes:
        raise ValueError(
            f"One network needs about {needed / 1e6:.1f} MB to train, the budget is {budget_bytes / 1e6:.1f} MB; "
            "take fewer hidden_units or a smaller batch_size."
        )
    return needed
