"""One thread per process, on every side: what is compared is work per core, and a worker has one thread too."""

import os

from threadpoolctl import threadpool_limits

from caviar.threads import VARIABLES

PROCESSES = 2
"""How many run side by side where there are many searches to make."""


def one_thread() -> None:
    """Holds for libraries that are loaded, for those that load later, and in the processes started from here."""
    for variable in (*VARIABLES, "NPROC"):  # NPROC: the pool of JAX on a CPU
        os.environ[variable] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    threadpool_limits(limits=1)
