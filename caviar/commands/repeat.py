"""`caviar repeat`: the same search once more, with another seed."""

from typing import Annotated

import typer

from caviar.commands.console import say
from caviar.commands.options import AsJson, SearchId, Url


def repeat(
    search: SearchId,
    seed: Annotated[int | None, typer.Option("--seed", help="Without it, the next one.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Watch until it has ended; exit 1 if it fails.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Run a search again with another seed.

    How much of its result was chance?
    """
    from caviar.commands.connection import connect
    from caviar.commands.watching import leave_or_watch

    with connect(url) as client:
        made = client.repeat_search(search, seed=seed)
        say(f"search {made.id} repeats search {search} with seed {made.spec['seed']}")
        leave_or_watch(client, made, wait=wait, url=url, as_json=as_json)
