"""Whether a server answers at the address of the settings, and what it says of itself."""

import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx

from caviar import __version__
from service.checkup.clocks import difference
from service.checkup.findings import Finding, ok, problem, warning

TIMEOUT_SECONDS = 5.0


def answers(url: str) -> httpx.Response | None:
    """What the server says of itself; None where nothing answers."""
    try:
        return httpx.get(f"{url}/healthz", timeout=TIMEOUT_SECONDS, trust_env=False)
    except (httpx.RequestError, httpx.InvalidURL):
        return None


def is_caviar(answer: httpx.Response | None) -> bool:
    return answer is not None and _version(answer) is not None


def check(url: str, answer: httpx.Response | None, *, lease_ttl: timedelta) -> Iterator[Finding]:
    if answer is None:
        yield warning(
            "server", f"no server answers at {url}", "start one with: caviar serve; or name it with CAVIAR_URL"
        )
        return
    version = _version(answer)
    if version is None:
        said = f"{url} answered {answer.status_code}, and not as a Caviar server does"
        yield problem("server", said, "name the server with CAVIAR_URL or --url")
        return
    yield from _readiness(url, version)
    yield from _clock(answer, lease_ttl)


def _version(answer: httpx.Response) -> str | None:
    try:
        version = answer.json()["version"]
    except (ValueError, LookupError, TypeError):
        return None
    return version if isinstance(version, str) else None


def _readiness(url: str, version: str) -> Iterator[Finding]:
    try:
        ready = httpx.get(f"{url}/readyz", timeout=TIMEOUT_SECONDS, trust_env=False)
    except httpx.RequestError as error:
        yield problem(
            "server", f"the server at {url} lives but does not answer ({type(error).__name__})", "read its log"
        )
        return
    if ready.is_error:
        said = f"the server at {url} lives but is not ready: its database does not answer it"
        yield problem("server", said, "check the database, then the server's log")
    elif version != __version__:
        advice = "run the same release everywhere: the server first, then its workers"
        yield warning("server", f"the server at {url} is release {version}, this command {__version__}", advice)
    else:
        yield ok("server", f"the server at {url} is ready, release {version}")


def _clock(answer: httpx.Response, lease_ttl: timedelta) -> Iterator[Finding]:
    if "date" not in answer.headers:
        return
    middle = time.time() - answer.elapsed.total_seconds() / 2
    # The header is cut to whole seconds, so on average half a second is missing.
    ahead = timedelta(seconds=parsedate_to_datetime(answer.headers["date"]).timestamp() + 0.5 - middle)
    yield difference("the server's clock", ahead, exact=timedelta(seconds=1.5), lease_ttl=lease_ttl)
