"""`caviar searches`: what is stored."""

from typing import Annotated

import typer

from caviar.commands.console import print_json, say
from caviar.commands.options import AsJson, Url

Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, at most.")]


def searches(limit: Limit = 50, url: Url = None, as_json: AsJson = False) -> None:
    """List searches, the newest first."""
    from caviar.commands.connection import connect
    from caviar.commands.display.tables import searches_table, stdout_console

    with connect(url) as client:
        page = client.searches(limit=limit)
    if as_json:
        print_json(page.model_dump(mode="json"))
    elif page.items:
        console = stdout_console()
        console.print(searches_table(page.items, console=console))
    else:
        say("there is no search yet; submit one with: caviar submit spec.yaml")
