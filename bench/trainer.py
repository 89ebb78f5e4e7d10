"""The trainer against PyTorch, scikit-learn, JAX where it is installed, and the bare matrix products.

    python -m bench.trainer [--quick]

Last line: {"vs_torch": {"64-32-10/32": 24.1, ..., "mixed": 2.8}, "vs_limit": {...}, "vs_sklearn": {...}, ...,
"reached": {"digits": 0.99, ...}}. docs/benchmarks.md says what each figure is.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial

from bench import batch_norm_effect, limit, mixed
from bench.comparing import compare, measured
from bench.known_results import KNOWN, TRIALS
from bench.machine import facts, load
from bench.peers import pytorch
from bench.real_data import NotHere, real_table
from bench.reporting import last_line, table, verdict
from bench.rows import PAIRS, Row, figures, peer_table, speed_table
from bench.shapes import EPOCHS, SHAPES, Shape
from bench.sides import sides_of
from bench.threads import one_thread
from bench.timing import Work, take_turns
from trainer.split import Split, split_table

PACKAGES = ("numpy", "torch", "scikit-learn", "jax")
SEEDS = range(10)
QUICK_SHAPES = SHAPES[:3]
QUICK_KNOWN = KNOWN[:1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.trainer", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less than a minute: fewer rounds, peers and data sets")
    is_quick = parser.parse_args().quick
    one_thread()
    print(f"one thread per process; {facts(PACKAGES)}\n")
    rows = list(_rows(is_quick=is_quick))
    print(f"Per network of K, {EPOCHS} epochs; mixed: 48 trials in all. Every side evaluates dev after each epoch;")
    print("ours evaluates all parts after the last, and in mixed some of train after each too, as a worker does.")
    print("products: the matrix products alone.")
    print(speed_table(rows), peer_table(rows), sep="\n\n", end="\n\n")
    found = figures(rows)
    if not is_quick:
        effect = batch_norm_effect.gaps(split_table(real_table("digits"), seed=0))
        print("Dev cost - train cost after the same number of steps, mean and standard error:")
        print(batch_norm_effect.gap_table(effect), end="\n\n")
        found |= batch_norm_effect.gap_figures(effect)
    found["reached"] = _reached(is_quick=is_quick)
    print(f"\n{load()} at the end\n{last_line(found)}")


def _rows(*, is_quick: bool) -> Iterator[Row]:
    """What can be measured here; says what cannot."""
    for shape in QUICK_SHAPES if is_quick else SHAPES:
        try:
            split = split_table(real_table(shape.dataset), seed=0)
        except NotHere as reason:
            print(f"{shape.name}: {reason}\n")
        else:
            yield _shape_row(shape, split, is_quick=is_quick)
    yield _mixed_row(split_table(real_table("digits"), seed=0), is_quick=is_quick)


def _shape_row(shape: Shape, split: Split, *, is_quick: bool) -> Row:
    sides = sides_of(shape, split, is_quick=is_quick)
    accuracies = {name: side.train(SEEDS) for name, side in sides.items()}
    works = {name: partial(side.train, range(side.networks)) for name, side in sides.items()}
    products = limit.bare_products(split, shape.recipe(), networks=shape.networks)
    times = take_turns({**works, "products": products}, rounds=3 if is_quick else shape.rounds)
    found = {name: measured(times[name], accuracies[name], networks=side.networks) for name, side in sides.items()}
    return Row(
        name=shape.name,
        networks=str(shape.networks),
        must=shape.must,
        goal=shape.goal,
        comparisons=compare(found, PAIRS),
        products=[seconds / shape.networks for seconds in times["products"]],
    )


def _mixed_row(split: Split, *, is_quick: bool) -> Row:
    """Accuracies are means over all trials, each with several seeds."""
    trials = {seed: mixed.draw(count=48, epochs=EPOCHS, seed=seed) for seed in (range(2) if is_quick else SEEDS)}
    data = pytorch.tensors(split)

    def ours(seed: int = 0) -> list[float]:
        return mixed.train(split, trials[seed])

    def torch(seed: int = 0, *, is_fused: bool = False) -> list[float]:
        return [pytorch.train(data, one.recipe, one.member.seed, is_fused=is_fused) for one in trials[seed]]

    sides: dict[str, Callable[..., list[float]]] = {"ours": ours, "torch": torch}
    if not is_quick:
        sides["torch_fused"] = partial(torch, is_fused=True)
    accuracies = {name: [one for seed in trials for one in side(seed)] for name, side in sides.items()}
    works: dict[str, Work] = {**sides, "products": mixed.bare_products(split, trials[0])}
    times = take_turns(works, rounds=1 if is_quick else 5, is_warm=True)
    return Row(
        name="mixed",
        networks=f"1-{max(map(len, mixed.stacks(trials[0])))}",
        must=mixed.MUST,
        goal=mixed.GOAL,
        comparisons=compare({name: measured(times[name], accuracies[name], networks=1) for name in sides}, PAIRS),
        products=times["products"],
    )


def _reached(*, is_quick: bool) -> dict[str, float]:
    """The best results on real data; says which cannot be had."""
    found, rows = {}, []
    for known in QUICK_KNOWN if is_quick else KNOWN:
        try:
            found[known.dataset] = best = known.best()
        except NotHere as reason:
            print(reason)
        else:
            rows.append([known.dataset, known.metric, f"{best:.4f}", verdict(best, must=known.must)])
    print(
        f"The best of {TRIALS} trials, of digits the median of several searches:",
        table(["data set", "metric", "best", "verdict"], rows),
        sep="\n",
    )
    return found


if __name__ == "__main__":
    main()
