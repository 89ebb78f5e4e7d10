"""48 trials as a search draws them: mixed widths, depths and batch sizes, cut into stacks as a worker cuts a claim."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from bench import limit, ours
from bench.recipe import Recipe, recipe_of
from caviar.documents import read_document
from caviar.spec import SearchSpec
from service import builtin
from service.planning import preview
from service.samplers.streams import trial_seed
from trainer.split import Split
from trainer.stack import Member

SPEC = Path(__file__).parents[1] / "examples" / "digits.yaml"
MUST, GOAL = 2.5, 3.5


@dataclass(frozen=True)
class Trial:
    """A trial of the search, with the stack that the server gives it."""

    recipe: Recipe
    member: Member
    stack: str


def draw(*, count: int, epochs: int, seed: int = 0) -> list[Trial]:
    """The first trials of the search in examples/digits.yaml, drawn and stacked by the server's own code.

    Another seed gives them other weights and the same hyperparameters.
    """
    document = read_document(str(SPEC))
    document["space"] = document["space"] | {"epochs": epochs}
    spec = SearchSpec.model_validate(document)
    return [
        Trial(
            recipe=recipe_of(hparams),
            member=Member(hparams, trial_seed(seed=seed, number=number)),
            stack=builtin.stack(spec.document(), hparams),
        )
        for number, hparams in enumerate(preview(spec, count=count))
    ]


def stacks(trials: Sequence[Trial]) -> Iterator[list[Trial]]:
    """Trials of one stack together."""
    for _, together in groupby(sorted(trials, key=lambda trial: trial.stack), key=lambda trial: trial.stack):
        yield list(together)


def train(split: Split, trials: Sequence[Trial]) -> list[float]:
    """Our dev accuracies, stack by stack."""
    return [
        accuracy for together in stacks(trials) for accuracy in ours.train(split, [trial.member for trial in together])
    ]


def bare_products(split: Split, trials: Sequence[Trial]) -> Callable[[], None]:
    """Every trial's products, alone and at its true width."""
    each = [limit.bare_products(split, trial.recipe, networks=1) for trial in trials]

    def work() -> None:
        for one in each:
            one()

    return work
