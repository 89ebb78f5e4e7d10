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
) -> None:
    """Write the whole leaderboard of a search to stdout."""
    import sys

    from caviar.commands.connection import connect
    from caviar.commands.leaderboard_json import leaderboard_json

    with connect(url) as client:
        pieces = client.leaderboard_csv(search) if file_format is Format.CSV else leaderboard_json(client, search)
        for piece in pieces:
            sys.stdout.write(piece)
