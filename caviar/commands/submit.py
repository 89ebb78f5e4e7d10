"""`caviar submit`: a spec file becomes a search."""

from typing import Annotated

import typer

from caviar.commands.console import say
from caviar.commands.options import AsJson, Url


def submit(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A YAML or JSON file; - is stdin.")],
    wait: Annotated[bool, typer.Option("--wait", help="Watch until it has ended; exit 1 if it fails.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Submit a search and print its id.

    With --wait, watch it and print its leaderboard.
    """
    from caviar.commands.connection import connect
    from caviar.commands.watching import leave_or_watch
    from caviar.documents import read_document

    document = read_document(spec)
    with connect(url) as client:
        search = client.create_search(document)
        say(f"search {search.id} ({search.name}) is submitted with {search.trials} trials")
        leave_or_watch(client, search, wait=wait, url=url, as_json=as_json)
