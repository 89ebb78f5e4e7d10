"""`caviar gradcheck`: whether the gradients of what a spec trains are right."""

from typing import Annotated, Any

import typer

from caviar.commands.console import print_json
from caviar.commands.options import AsJson


def gradcheck(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A YAML or JSON file; - is stdin.")],
    trial: Annotated[int, typer.Option(help="The number of the trial whose hyperparameters are checked.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Check the gradients of a spec's network.

    Every parameter's is compared with a numerical one: the relative difference must be at most 1e-7. Beside it stands
    the one with a smaller step of 1e-7, which rounding makes larger.
    """
    from caviar.errors import CaviarError
    from service.samplers.box import draw, whole
    from trainer.gradcheck import TOLERANCE
    from trainer.tables import facts
    from trainer.trial_check import check_trial

    search, dataset = _search(spec)
    hparams = draw(search.domain, whole(search.domain), seed=search.seed, number=trial)
    table = facts(dataset)
    found = check_trial(hparams, n_inputs=table.n_features, n_classes=table.n_classes, seed=search.seed)
    rows = [
        {"parameter": name, "difference": found.differences[name], "with_course_step": found.with_course_step[name]}
        for name in found.differences
    ]
    wrong = [name for name, difference in found.differences.items() if not difference <= TOLERANCE]
    if as_json:
        print_json({"hyperparameters": hparams, "items": rows, "tolerance": TOLERANCE, "passed": not wrong})
    else:
        print(f"{'parameter':<12} {'step 1e-5':>12} {'step 1e-7':>12}")
        for row in rows:
            print(f"{row['parameter']:<12} {row['difference']:>12.1e} {row['with_course_step']:>12.1e}")
        print("fail" if wrong else "pass")
    if wrong:
        raise CaviarError(f"the gradient of {', '.join(wrong)} differs by more than {TOLERANCE:g}")


def _search(path: str) -> tuple[Any, str]:
    """The spec in a file, as the server would accept it, and its dataset. Raises InvalidSpec, or UsageError."""
    from pydantic import ValidationError

    from caviar.documents import read_document
    from caviar.errors import InvalidSpec, UsageError
    from caviar.spec import SearchSpec, explain
    from caviar.validation import one_sentence
    from service.builtin import TRAINER, check

    try:
        search = SearchSpec.model_validate(read_document(path))
    except ValidationError as invalid:
        errors = explain([{**error} for error in invalid.errors()])
        raise InvalidSpec(one_sentence(errors), errors=errors) from invalid
    check(search)
    if search.trainer != TRAINER or search.dataset is None:
        raise UsageError(f"only gradients of the trainer {TRAINER} can be checked; {path} is for {search.trainer}")
    return search, search.dataset
