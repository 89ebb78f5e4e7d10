"""What the shell offers for an argument when somebody presses Tab."""

from collections.abc import Iterator

import typer

_NEWEST = 50
_PATIENCE_SECONDS = 1.0
"""Nobody waits longer for a Tab key."""


def search_ids(context: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The ids of the newest searches, each with its name and state; none where no server answers."""
    from caviar.calls import Calls
    from caviar.errors import CaviarError
    from caviar.settings import load_settings

    try:
        url = load_settings(url=context.params.get("url")).url
        with Calls(url, timeout=_PATIENCE_SECONDS, patience=0.0) as client:
            found = client.searches(limit=_NEWEST).items
    except CaviarError:
        return
    for search in found:
        if search.id.startswith(incomplete):
            yield search.id, f"{search.name}, {search.state}"
