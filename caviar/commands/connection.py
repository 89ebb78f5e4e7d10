"""The connection of a command to its server. Loads the HTTP client: import it where a command runs."""

from caviar.calls import Calls
from caviar.settings import load_settings


def connect(url: str | None) -> Calls:
    """To the server of the flag, or else of the settings."""
    return Calls(load_settings(url=url).url)


def url_flag(url: str | None) -> str:
    """What a suggested command must repeat, so that it reaches the same server: ` --url URL`, or nothing."""
    return f" --url {url}" if url is not None else ""
