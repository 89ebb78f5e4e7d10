"""`caviar hyperparameters`: what the built-in trainer accepts."""

from typing import Any

from caviar.commands.console import print_json
from caviar.commands.options import AsJson


def hyperparameters(as_json: AsJson = False) -> None:
    """List what the built-in trainer mlp accepts."""
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
