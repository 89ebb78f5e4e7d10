"""One BLAS thread per worker, set before NumPy loads: seen from a process of its own."""

import subprocess
import sys

_REPORT = """
import numpy, threadpoolctl
numpy.ones((64, 64)) @ numpy.ones((64, 64))
print([pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"])
"""


def _run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def _path() -> str:
    return ":".join(path for path in sys.path if path)


def test_a_worker_has_one_blas_thread_whatever_its_environment_says() -> None:
    code = f"from caviar.threads import limit_blas; limit_blas(){_REPORT}"
    done = _run(code, PYTHONPATH=_path(), OPENBLAS_NUM_THREADS="4", OMP_NUM_THREADS="4")
    assert (done.stdout, done.stderr) == ("[1]\n", "")


def test_it_is_too_late_once_numpy_is_loaded() -> None:
    done = _run("import numpy; from caviar.threads import limit_blas; limit_blas()", PYTHONPATH=_path())
    assert done.stderr.splitlines()[-1] == "RuntimeError: NumPy is loaded already; limit_blas() comes before it"


def test_the_command_of_a_worker_loads_numpy_only_after_the_limit() -> None:
    code = (
        "import sys; from caviar.commands import main, worker; import caviar.threads; assert 'numpy' not in sys.modules"
    )
    done = _run(code, PYTHONPATH=_path())
    assert (done.returncode, done.stderr) == (0, "")
