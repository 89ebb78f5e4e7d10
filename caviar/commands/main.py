"""The command `caviar`: the table of its commands."""

import gc
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from caviar import __version__
from caviar.commands.db import backup, restore, upgrade
from caviar.commands.demo import demo
from caviar.commands.doctor import doctor
from caviar.commands.exits import ExitCode
from caviar.commands.export import export
from caviar.commands.extend import extend
from caviar.commands.failures import VERBOSE, explain
from caviar.commands.gradcheck import gradcheck
from caviar.commands.hyperparameters import hyperparameters
from caviar.commands.importances import importances
from caviar.commands.repeat import repeat
from caviar.commands.search_state import cancel, pause, resume
from caviar.commands.searches import searches
from caviar.commands.serve import serve
from caviar.commands.show import show
from caviar.commands.submit import submit
from caviar.commands.top import top
from caviar.commands.up import up
from caviar.commands.worker import worker

COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (demo, "caviar demo"),
    (up, "caviar up --port 8001 --workers 4"),
    (submit, "caviar submit spec.yaml --wait"),
    (top, "caviar top 1 --watch"),
    (importances, "caviar importances 1"),
    (searches, "caviar searches"),
    (show, "caviar show 1"),
    (pause, "caviar pause 1"),
    (resume, "caviar resume 1"),
    (cancel, "caviar cancel 1"),
    (extend, "caviar extend 1 --to 200"),
    (repeat, "caviar repeat 1 --seed 1 --wait"),
    (export, "caviar export 1 --format csv > trials.csv"),
    (hyperparameters, "caviar hyperparameters --space recommended-2"),
    (gradcheck, "caviar gradcheck spec.yaml"),
    (serve, "caviar serve --host 127.0.0.1 --port 8000"),
    (worker, "caviar worker http://127.0.0.1:8000"),
    (doctor, "caviar doctor"),
)
"""Every command with an example for its help, in the order a newcomer needs them."""

# Plain help instead of rich's panels: it answers at once, wraps where it is piped, and can be searched.
app = typer.Typer(name="caviar", rich_markup_mode=None, pretty_exceptions_enable=False)
for _command, _example in COMMANDS:
    app.command(epilog=f"Example: {_example}")(_command)

_db = typer.Typer(help="The database: upgrade, backup, restore.", rich_markup_mode=None)
_db.command(epilog="Example: caviar db upgrade")(upgrade)
_db.command(epilog="Example: caviar db backup caviar-2026-11-21.backup")(backup)
_db.command(epilog="Example: caviar db restore caviar-2026-11-21.backup --data-dir new")(restore)
app.add_typer(_db, name="db")


@app.callback(invoke_without_command=True, epilog="Example: caviar demo")
def _caviar(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Caviar searches hyperparameters: a server, workers, and a leaderboard that fills while you watch."""
    if verbose:
        # In the environment, so that the processes we start are as talkative.
        os.environ[VERBOSE] = "1"
    if version:
        typer.echo(f"caviar {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    status = _run()
    # Otherwise the interpreter searches all that was imported for garbage before it ends.
    gc.freeze()
    sys.exit(status)


def _run() -> int:
    try:
        returned = app(standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _leave_quietly()
    except Exception as error:
        return explain(error)
    return returned if isinstance(returned, int) else ExitCode.OK


def _leave_quietly() -> int:
    """Whoever read our output has had enough, as in `caviar top 1 | head -1`; typer and rich end with 1 then, too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.FAILED
