"""`caviar export`: every ranked trial of a search, for another program."""

from enum import StrEnum
from typing import Annotated

import typer

from caviar.commands.options import SearchId, Url


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


def export(
    search: SearchId,
    file_format: Annotated[Format, typer.Option("--format", help="What to write on stdout.")] = Format.CSV,
    url: Url = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Write the whole leaderboard of a search to stdout."""
    import sys

    from caviar.commands.connection import connect
    from caviar.commands.display.counting import counted
    from caviar.commands.leaderboard_json import leaderboard_json

    with connect(url) as client:
        is_json = as_json or file_format is Format.JSON
        counts = client.read_search(search).counts
        pieces = leaderboard_json(client, search) if is_json else client.leaderboard_csv(search)
        for piece in counted(pieces, total=counts.completed + counts.stopped, what="trials"):
            sys.stdout.write(piece)
