"""One BLAS thread per process of ours, server or worker: cores are shared out by starting a worker for each.

Several threads on matrices as small as ours only wait for each other, and they would make the bits of a product depend
on how many there are.
"""

import os
import sys

VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def limit_blas() -> None:
    """Call it before NumPy is imported, which reads these variables once. Raises RuntimeError when it is too late."""
    if "numpy" in sys.modules:
        raise RuntimeError("NumPy is loaded already; limit_blas() comes before it")
    for variable in VARIABLES:
        os.environ[variable] = "1"
