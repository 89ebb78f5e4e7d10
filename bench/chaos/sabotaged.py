"""The launcher of a server with a bug: python -m bench.chaos.sabotaged BUG serve … plants it, then runs the command."""

import sys

from caviar import threads
from caviar.commands.main import main


def plant(name: str) -> None:
    """Raises StopIteration for a bug that is none."""
    # To plant one loads the server, and NumPy with it, before the command would set these limits.
    threads.limit_blas()
    from bench.chaos.bugs import BUGS, replace

    replace(threads, "limit_blas", lambda: None)
    next(bug for bug in BUGS if bug.__name__ == name)()


if __name__ == "__main__":
    plant(sys.argv.pop(1))
    main()
