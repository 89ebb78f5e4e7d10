"""`caviar demo`: a search from its spec to its leaderboard, on this machine, leaving nothing behind."""

from pathlib import Path

import typer

from caviar.commands.console import say
from caviar.commands.exits import ExitCode
from caviar.commands.options import AsJson

SPEC = Path(__file__).with_name("demo.yaml")


def demo(as_json: AsJson = False) -> None:
    """Run a whole search on real data, here and now.

    Server, workers and files are its own and are gone afterwards.
    """
    from caviar.commands.demonstration import demonstrate

    try:
        demonstrate(SPEC, as_json=as_json)
    except KeyboardInterrupt:
        say("the demo was stopped; nothing of it is left")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
