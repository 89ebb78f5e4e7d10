"""Random numbers of a trial: one counter-based stream per purpose.

A stream is a function of (seed, purpose, index, part) and of nothing else, so a trial draws the same numbers in any
stack, and epoch 7 can be drawn without the six before it.
Source: Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3 (Philox).
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. Values are only ever added: a changed one changes every trial's numbers."""

    WEIGHTS = 0
    BATCH_ORDER = 1
    DROPOUT = 2
    AUGMENTATION = 3


def stream(seed: int, purpose: Purpose, *, index: int = 0, part: int = 0) -> np.random.Generator:
    """The stream of this seed (0 <= seed < 2**64) and purpose; `index` and `part` count what it is drawn for, such as
    epochs, and layers within them.

    They stand in the counter's two highest words: parts are 2**128 blocks of numbers apart.
    """
    key = np.array([seed, purpose], dtype=np.uint64)
    counter = np.array([0, 0, part, index], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
