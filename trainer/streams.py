"""Random numbers of a trial: one counter-based stream per purpose.

A stream is a function of (seed, purpose, index) and of nothing else, so a trial draws the same numbers in any stack,
and epoch 7 can be drawn without the six before it.
Source: Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3 (Philox).
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. Values are only ever added: a changed one changes every trial's numbers."""

    WEIGHTS = 0
    BATCH_ORDER = 1


def stream(seed: int, purpose: Purpose, *, index: int = 0) -> np.random.Generator:
    """The stream of this seed (0 <= seed < 2**64) and purpose; `index` counts independent parts of it, such as epochs.

    The index stands in the counter's highest word: parts are 2**192 blocks of numbers apart.
    """
    key = np.array([seed, purpose], dtype=np.uint64)
    counter = np.array([0, 0, 0, index], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
