"""A small search without a server: its rounds, its sampler and its stacks, in this process."""

from collections.abc import Mapping
from typing import Any

from bench.quality.ours import Rounds, Sampler
from bench.stacked import Training, search
from caviar.spec import SearchSpec
from service import builtin
from trainer.split import Split


def best_value(document: Mapping[str, Any], split: Split) -> float:
    """The best value that the spec's metric has at the end of any trial; the metric is one to maximise."""
    spec = SearchSpec.model_validate(document)
    sampler = Sampler(spec.domain, spec.sampler, spec.seed, spec.trials, defaults=builtin.defaults(spec))
    rounds = Rounds(sampler, parallel=spec.parallel, trials=spec.trials)
    training = Training(split, spec.metric)
    return -min(search(rounds, training, seed=spec.seed, trials=spec.trials, at_once=spec.parallel).losses)
