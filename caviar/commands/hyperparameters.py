"""`caviar hyperparameters`: what the built-in trainer accepts, and the spaces that are ready for it."""

from typing import Annotated, Any

import typer

from caviar.commands.console import print_json
from caviar.commands.options import AsJson

Name = Annotated[str, typer.Argument(metavar="NAME", help="Which space: recommended, recommended-1, recommended-2.")]
AsSpace = Annotated[bool, typer.Option("--space", help="Print a ready space, to be pasted under space: in a spec.")]


def hyperparameters(name: Name = "recommended", as_space: AsSpace = False, as_json: AsJson = False) -> None:
    """List what the trainer mlp accepts, or print a space."""
    if as_space:
        _print_space(name, as_json=as_json)
    else:
        _print_table(as_json=as_json)


def _print_space(name: str, *, as_json: bool) -> None:
    from caviar.errors import UsageError
    from caviar.recommended import READY_SPACES, ready_space
    from caviar.spelling import did_you_mean

    if name not in READY_SPACES:
        raise UsageError(f"there is no ready space {name!r}; {did_you_mean(name, READY_SPACES)}")
    if as_json:
        print_json(ready_space(name))
        return
    for tier in READY_SPACES[name]:
        print(f"  # {tier.title}")
        for parameter, drawn in tier.parameters.items():
            print(f"  {parameter}: {_flow(drawn)}")


def _flow(drawn: Any) -> str:
    """YAML on one line."""
    import yaml

    return str(yaml.safe_dump(drawn, default_flow_style=True, sort_keys=False, width=1000)).strip()


def _print_table(*, as_json: bool) -> None:
    from trainer.hyperparameters import HYPERPARAMETERS, PATTERNS

    rows: list[dict[str, Any]] = [
        {
            "name": row.name,
            "type": row.kind.value,
            "default": row.default,
            "allowed": row.allowed,
            "about": row.sentence,
        }
        for row in [*HYPERPARAMETERS.values(), *PATTERNS.values()]
    ]
    if as_json:
        print_json({"items": rows})
        return
    from caviar.commands.display.tables import hyperparameters_table, stdout_console

    console = stdout_console()
    console.print(hyperparameters_table(rows, console=console))
