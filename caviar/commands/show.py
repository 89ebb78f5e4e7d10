"""`caviar show`: one search in full."""

from caviar.commands.console import print_json
from caviar.commands.options import AsJson, SearchId, Url


def show(search: SearchId, url: Url = None, as_json: AsJson = False) -> None:
    """Show one search: state, progress, best trial, spec."""
    from caviar.commands.connection import connect
    from caviar.commands.display.search import search_lines

    with connect(url) as client:
        answer = client.read_search(search)
    if as_json:
        print_json(answer.model_dump(mode="json"))
    else:
        print("\n".join(search_lines(answer)))
