"""How long importances take: trials of 8 parameters on SQLite, read and judged, beside Optuna's PED-ANOVA.

Theirs is without reading: the study lies in memory. PED-ANOVA is the quickest of Optuna's evaluators.
"""

import argparse
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

from bench.filled_store import SPACE, a_spec, empty_store, filled
from bench.machine import facts
from bench.reporting import last_line, milliseconds, table, times
from bench.threads import one_thread
from service.importances.ranking import importances
from service.samplers.interface import Result
from service.storage import samples

MOST_RESULTS = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.importances", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="1,000 trials")
    sizes = (1_000,) if parser.parse_args().quick else (1_000, 10_000, 100_000)
    one_thread()
    print(f"importances of 8 parameters, one thread; {facts(('numpy', 'optuna'))}\n", flush=True)
    measured = {size: measure(size) for size in sizes}
    headings = ["trials", "ours, ms", "PED-ANOVA, ms", "ratio"]
    print(table(headings, [_row(size, *seconds) for size, seconds in measured.items()]))
    print(last_line({"ms": {str(size): 1000 * ours for size, (ours, _) in measured.items()}}))


def _row(size: int, ours: float, theirs: float | None) -> list[str]:
    ratio = None if theirs is None else theirs / ours
    return [f"{size:,}", milliseconds(ours), "-" if theirs is None else milliseconds(theirs), times(ratio)]


def measure(trials: int) -> tuple[float, float | None]:
    """Seconds of ours, and of theirs where Optuna is installed and the trials are no more than ours reads."""
    spec = a_spec(trials=trials)
    with empty_store() as database:
        search = filled(database, spec, finished=trials, round_size=trials)

        def ours() -> None:
            with database.read() as tx:
                results = samples.finished(tx, search, limit=MOST_RESULTS)
            found = importances(spec.domain, results)
            assert found.items[0].parameter == "p0"

        seconds = _seconds(ours)
        with database.read() as tx:
            results = samples.finished(tx, search, limit=MOST_RESULTS)
    return seconds, _peer(results) if trials <= MOST_RESULTS else None


def _seconds(work: Callable[[], object], *, turns: int = 5) -> float:
    work()
    found = []
    for _ in range(turns):
        start = perf_counter()
        work()
        found.append(perf_counter() - start)
    return median(found)


def _peer(results: Sequence[Result]) -> float | None:
    try:
        import optuna
    except ImportError:
        print("Optuna is not installed; it comes with the extra bench")
        return None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    ranges = {name: optuna.distributions.FloatDistribution(1e-4, 1.0, log=True) for name in SPACE}
    study.add_trials(
        optuna.trial.create_trial(params=dict(r.hyperparameters), distributions=ranges, value=r.score) for r in results
    )
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    return _seconds(lambda: optuna.importance.get_param_importances(study, evaluator=evaluator))


if __name__ == "__main__":
    main()
