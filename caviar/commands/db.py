"""`caviar db`: the database's schema."""

from typing import Annotated

import typer

from caviar.commands.console import print_json, say
from caviar.commands.options import AsJson, DataDir

DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="The SQLAlchemy URL, instead of CAVIAR_DATABASE_URL.")
]


def upgrade(database_url: DatabaseUrl = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Bring the database's schema up to this version of Caviar."""
    from caviar.settings import load_settings
    from service.storage import migrate

    settings = load_settings(database_url=database_url, data_dir=data_dir)
    revision = migrate.upgrade(settings.store_url)
    if as_json:
        print_json({"revision": revision})
    else:
        say(f"the database is at revision {revision}")
