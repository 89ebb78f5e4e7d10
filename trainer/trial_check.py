"""The gradient check of what a trial's hyperparameters say: all its techniques at once, on a small network.

Notation: K = 1 network, B examples. Every number of a network costs two passes, so widths and batches are cut to 8;
depth, activation, output, normalisation, penalties and dropout are the trial's.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from trainer.architecture import Architecture, architecture_of
from trainer.arrays import Array
from trainer.columns import column
from trainer.dropout import LEVELS, mask
from trainer.gradcheck import STEP, check, distance_to_kink
from trainer.hyperparameters import batch_size, complete, keep_probs
from trainer.network import Networks, init
from trainer.penalties import Penalty
from trainer.targets import n_outputs, output_of

SMALL = 8
"""At most so many inputs, units in a layer, outputs, and examples."""

COURSE_STEP = 1e-7
"""The step of the field's first course. Rounding is a hundred times as large in it as in a step of 1e-5."""


class Found(NamedTuple):
    """Per param, the relative difference with a step of 1e-5, which decides, and with the course's of 1e-7."""

    architecture: Architecture
    differences: Mapping[str, float]
    with_course_step: Mapping[str, float]


def check_trial(hparams: Mapping[str, Any], *, n_inputs: int, n_classes: int, seed: int) -> Found:
    """Check the gradients of these hyperparameters; n_classes is 0 where there are numbers to predict.

    Raises ValueError with a sentence for wrong hyperparameters, or where no batch can be drawn off all kinks.
    """
    whole = complete(hparams)
    architecture = _small(whole, n_inputs=n_inputs, n_classes=n_classes)
    penalised = architecture.n_penalised(with_biases=whole["penalise_biases"])
    penalty = Penalty(column([whole["l2"]]), column([whole["l1"]]), penalised)
    rng = np.random.default_rng(seed)
    n_examples = max(batch_size(whole, n_examples=SMALL), 3 if architecture.has_batch_norm else 1)
    masks = _masks(whole, architecture, n_examples, rng)
    networks, x = _off_kinks(architecture, penalty, masks, n_examples, rng)
    y = _wanted(architecture, n_examples, rng)
    each = [check(networks, x, y, penalty=penalty, masks=masks, step=step) for step in (STEP, COURSE_STEP)]
    return Found(architecture, *each)


def _small(whole: Mapping[str, Any], *, n_inputs: int, n_classes: int) -> Architecture:
    output = output_of(whole, n_classes=n_classes)
    outputs = n_outputs(output, n_classes=n_classes)
    full = architecture_of(whole, n_inputs=n_inputs, n_outputs=outputs, output=output)
    hidden = tuple(min(width, SMALL) for width in full.hidden)
    return replace(full, n_inputs=min(n_inputs, SMALL), hidden=hidden, n_outputs=min(outputs, SMALL))


def _off_kinks(
    architecture: Architecture, penalty: Penalty, masks: list[Array], n_examples: int, rng: np.random.Generator
) -> tuple[Networks, Array]:
    """A network with uneven params and a batch, drawn again until they lie off every kink."""
    start = init(architecture, [0], dtype=np.float64)
    for _ in range(10_000):
        networks = replace(start, params=start.params + rng.normal(0, 0.3, start.params.shape))
        x = rng.normal(size=(1, n_examples, architecture.n_inputs))
        if distance_to_kink(networks, x, penalty=penalty, masks=masks) > 100 * STEP:
            return networks, x
    raise ValueError("No batch lies off every kink of so many ReLUs; check fewer layers.")


def _masks(
    whole: Mapping[str, Any], architecture: Architecture, n_examples: int, rng: np.random.Generator
) -> list[Array]:
    probs = keep_probs(whole)
    if all(prob == 1 for prob in probs):
        return []
    draws = [rng.integers(LEVELS, size=(1, n_examples, width)).astype(np.uint16) for width in architecture.hidden]
    return [mask(drawn, keep_prob=column([prob])) for drawn, prob in zip(draws, probs, strict=True)]


def _wanted(architecture: Architecture, n_examples: int, rng: np.random.Generator) -> Array:
    shape = (1, n_examples, architecture.n_outputs)
    if architecture.output == "softmax":
        onehot: Array = np.eye(shape[2])[rng.integers(shape[2], size=shape[:2])]
        return onehot
    return rng.normal(size=shape) if architecture.output == "linear" else rng.integers(2, size=shape).astype(float)
