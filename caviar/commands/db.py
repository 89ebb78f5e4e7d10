"""`caviar db`: the database's schema, its backup, and the way back."""

from pathlib import Path
from typing import Annotated

import typer

from caviar.commands.console import print_json, say
from caviar.commands.options import AsJson, DataDir

DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="The SQLAlchemy URL, instead of CAVIAR_DATABASE_URL.")
]

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup: one file, for either kind of database.")]


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


def backup(
    file: BackupFile, database_url: DatabaseUrl = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Write everything to one file.

    The server may run; the file holds one moment.
    """
    from dataclasses import asdict

    from caviar.settings import load_settings
    from service.storage.backup import take

    settings = load_settings(database_url=database_url, data_dir=data_dir)
    manifest = take(settings.store_url, file.absolute())
    if as_json:
        print_json(asdict(manifest))
    else:
        say(f"{file} holds {_contents(manifest.rows)}")


def restore(
    file: BackupFile, database_url: DatabaseUrl = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Read a backup into an empty database.

    It may be of the other kind: SQLite's backup goes into Postgres, and the other way round.
    """
    from dataclasses import asdict

    from caviar.settings import load_settings
    from service.storage.restore import restore as read_back

    settings = load_settings(database_url=database_url, data_dir=data_dir)
    manifest = read_back(settings.store_url, file.absolute())
    if as_json:
        print_json(asdict(manifest))
    else:
        say(f"the database holds {_contents(manifest.rows)}, as of {manifest.taken_at}")


def _contents(rows: dict[str, int]) -> str:
    return f"{rows.get('search', 0)} searches with {rows.get('trial', 0)} trials and {rows.get('report', 0)} reports"
