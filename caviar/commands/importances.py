"""`caviar importances`: which parameters mattered."""

from caviar.commands.console import print_json, say
from caviar.commands.options import AsJson, SearchId, Url


def importances(search: SearchId, url: Url = None, as_json: AsJson = False) -> None:
    """Show which parameters of a search mattered, and how much."""
    from caviar.commands.connection import connect
    from caviar.commands.display.tables import importances_table, stdout_console

    with connect(url) as client:
        answer = client.importances(search)
    if as_json:
        print_json(answer.model_dump(mode="json"))
        return
    if answer.items:
        console = stdout_console()
        console.print(importances_table(answer.items, console=console))
    if answer.note:
        say(answer.note)
    elif answer.explained is not None:
        say(f"one by one they explain {answer.explained:.0%} of what {answer.seen} results differ by")
