"""`caviar.Client`: a server's searches as objects, beside every call of its HTTP interface."""

from collections.abc import Mapping
from typing import Any

import httpx

from caviar.calls import Calls
from caviar.search import Search
from caviar.settings import load_settings
from caviar.spec import SearchSpec


class Client(Calls):
    """A connection to one server; close it, or use it in a `with`.

    Without a URL, to the server of CAVIAR_URL, or of caviar.toml in the current folder, or at http://127.0.0.1:8000.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        timeout: float = 30.0,
        patience: float = 20.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        own = load_settings().url if url is None else url
        super().__init__(own, timeout=timeout, patience=patience, transport=transport)

    def submit(self, spec: SearchSpec | Mapping[str, Any], *, idempotency_key: str | None = None) -> Search:
        """Create a search. The same key with the same spec gives the same search again."""
        return Search(self, self.create_search(spec, idempotency_key=idempotency_key))

    def search(self, search: str) -> Search:
        """A search that exists, by its id. Raises NotFound."""
        return Search(self, self.read_search(search))
