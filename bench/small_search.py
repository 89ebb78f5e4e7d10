"""A small zoom search without a server: its rounds, its sampler and its stacks, in this process.

Rounds are the server's: half of `parallel` trials each, drawn from what all rounds up to two before have shown.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from bench import ours
from caviar.spec import SearchSpec
from service import builtin
from service.samplers.interface import Result
from service.samplers.registry import sampler_for
from service.samplers.streams import trial_seed
from trainer.split import Split
from trainer.stack import Member


def best_value(document: Mapping[str, Any], split: Split) -> float:
    """The best value that the spec's metric has at the end of any trial; the metric is one to maximise."""
    spec = SearchSpec.model_validate(document)
    results: list[list[Result]] = []
    while sum(map(len, results)) < spec.trials:
        seen = [result for finished in results[: len(results) - 1] for result in finished]
        results.append(list(_round(spec, split, seen, first=sum(map(len, results)))))
    return max(-result.score for finished in results for result in finished if result.score is not None)


def _round(spec: SearchSpec, split: Split, seen: list[Result], *, first: int) -> Iterator[Result]:
    """The next round's trials, drawn and trained."""
    sampler, space = sampler_for(spec.sampler), spec.domain
    state = sampler.plan(space, seen).state
    numbers = range(first, min(first + max(1, spec.parallel // 2), spec.trials))
    drawn = {number: sampler.draw(space, state, seed=spec.seed, number=number) for number in numbers}

    def stack(number: int) -> str:
        return builtin.stack(spec.document(), drawn[number])

    for _, group in groupby(sorted(numbers, key=stack), key=stack):
        together = list(group)
        members = [Member(drawn[number], trial_seed(seed=spec.seed, number=number)) for number in together]
        for number, report in zip(together, ours.last_reports(split, members), strict=True):
            score = None if report.is_diverged else -report.metrics[spec.metric]
            yield Result(number=number, hyperparameters=drawn[number], score=score)
