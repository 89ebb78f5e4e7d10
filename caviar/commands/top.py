"""`caviar top`: the leaderboard."""

from typing import Annotated

import typer

from caviar.commands.console import print_json, say
from caviar.commands.options import AsJson, SearchId, Url


def top(
    search: SearchId,
    watch: Annotated[bool, typer.Option("--watch", help="Follow it until the search has ended.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many trials, at most.")] = 10,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show the best trials of a search."""
    from caviar.commands.connection import connect
    from caviar.commands.display.tables import leaderboard_table, stdout_console
    from caviar.commands.watching import watch as watch_until_ended

    with connect(url) as client:
        answer = watch_until_ended(client, search, url=url) if watch else client.read_search(search)
        page = client.leaderboard(search, limit=limit)
    if as_json:
        print_json(page.model_dump(mode="json"))
    elif not page.items:
        say(f"no trial of search {search} has a result yet")
    else:
        console = stdout_console()
        console.print(leaderboard_table(answer, page.items, console=console))
