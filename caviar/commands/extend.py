"""`caviar extend`: more trials for a search, also for one that has completed."""

from typing import Annotated

import typer

from caviar.commands.console import print_json, say
from caviar.commands.options import AsJson, SearchId, Url

Trials = Annotated[int, typer.Option("--to", min=1, help="How many trials it may have from now on, in all.")]


def extend(search: SearchId, trials: Trials, url: Url = None, as_json: AsJson = False) -> None:
    """Set how many trials a search may have.

    One that has completed goes on where it was.
    """
    from caviar.commands.connection import connect
    from caviar.wire.searches import SearchChange

    with connect(url) as client:
        answer = client.change(search, SearchChange(trials=trials))
    if as_json:
        print_json(answer.model_dump(mode="json"))
    else:
        say(f"search {answer.id} ({answer.name}) is {answer.state}, with {answer.trials} trials in all")
