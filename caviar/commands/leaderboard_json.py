"""A whole leaderboard as one JSON document, page by page: a million trials never lie in memory together."""

import json
from collections.abc import Iterator

from caviar.calls import Calls

_PAGE = 500


def leaderboard_json(client: Calls, search: str) -> Iterator[str]:
    """The text of {"items": […], "next": null} in pieces, one trial on a line."""
    page = client.leaderboard(search, limit=_PAGE)
    separator = '{"items": [\n'
    while True:
        for row in page.items:
            yield separator + json.dumps(row.model_dump(mode="json"), ensure_ascii=False)
            separator = ",\n"
        if page.next is None:
            break
        page = client.leaderboard(search, limit=_PAGE, after=page.next)
    opening = separator if separator.startswith("{") else "\n"
    yield opening + '], "next": null}\n'
