"""`caviar pause`, `caviar resume` and `caviar cancel`: three changes of a search's state."""

from typing import Literal

from caviar.commands.console import print_json, say
from caviar.commands.options import AsJson, SearchId, Url
from caviar.states import SearchState


def pause(search: SearchId, url: Url = None, as_json: AsJson = False) -> None:
    """Hand out no more trials; what runs goes on."""
    _change(search, SearchState.PAUSED, url=url, as_json=as_json)


def resume(search: SearchId, url: Url = None, as_json: AsJson = False) -> None:
    """Hand out the trials of a paused search again."""
    _change(search, SearchState.ACTIVE, url=url, as_json=as_json)


def cancel(search: SearchId, url: Url = None, as_json: AsJson = False) -> None:
    """End a search for good; its results stay."""
    _change(search, SearchState.CANCELLED, url=url, as_json=as_json)


def _change(
    search: str,
    state: Literal[SearchState.ACTIVE, SearchState.PAUSED, SearchState.CANCELLED],
    *,
    url: str | None,
    as_json: bool,
) -> None:
    from caviar.commands.connection import connect
    from caviar.wire.searches import SearchChange

    with connect(url) as client:
        answer = client.change(search, SearchChange(state=state))
    if as_json:
        print_json(answer.model_dump(mode="json"))
    else:
        say(f"search {answer.id} ({answer.name}) is {answer.state}")
