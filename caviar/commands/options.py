"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from caviar.commands.completion import search_ids

SearchId = Annotated[
    str,
    typer.Argument(metavar="SEARCH", help="The id of a search; caviar searches lists them.", autocompletion=search_ids),
]
Url = Annotated[str | None, typer.Option("--url", help="The server to talk to, instead of CAVIAR_URL.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

Host = Annotated[str | None, typer.Option("--host", help="The address to listen on, instead of CAVIAR_HOST.")]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="The port to listen on, instead of CAVIAR_PORT; 0 takes a free one."),
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="The folder of the SQLite file, instead of CAVIAR_DATA_DIR.")
]
Lifeline = Annotated[bool, typer.Option("--lifeline", hidden=True, help="End when stdin ends.")]
