"""`caviar up`: server and workers on this machine, one command."""

import json
import time
from collections.abc import Callable
from typing import Annotated

import typer

from caviar import __version__
from caviar.commands.console import say
from caviar.commands.crew import Crew, one_per_core
from caviar.commands.options import AsJson, DataDir, Host, Port
from caviar.commands.ports import require_free
from caviar.errors import ProcessFailed
from caviar.processes import (
    Process,
    ending,
    is_running,
    ready_url,
    sigterm_is_ctrl_c,
    start,
    stop,
    wait_until_listening,
)

Workers = Annotated[
    int | None, typer.Option("--workers", min=0, max=1000, help="How many worker processes; default: one per core.")
]
_TEND_SECONDS = 0.2


def up(
    workers: Workers = None, port: Port = None, host: Host = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Run server and workers on this machine.

    Ctrl-C ends both; what is stored is kept. With --json, one line on stdout tells the URL when the server is ready.
    """
    from caviar.settings import load_settings

    settings = load_settings(host=host, port=port, data_dir=data_dir)
    require_free(settings.host, settings.port)
    flags = ["--host", settings.host, "--port", str(settings.port), "--data-dir", str(settings.data_dir)]
    with sigterm_is_ctrl_c():
        size = one_per_core() if workers is None else workers
        _run(settings.host, settings.port, flags, size=size, announce=_print_ready if as_json else _announce)
    say(f"stopped; searches and results are kept in {_place(settings.store_url)}")


def _run(host: str, port: int, server_flags: list[str], *, size: int, announce: Callable[[str, int], None]) -> None:
    """Until Ctrl-C, at whatever moment it comes. Raises ProcessFailed if the server ends by itself."""
    from service.listener import url_of

    server = start("serve", "--json", *server_flags)
    try:
        # The workers load while the server does; only a port that the system chooses is not known before.
        url = url_of(host, port) if port else ready_url(server)
        if port:
            wait_until_listening(server, host, port)
        with Crew(url, size if is_running(server) else 0) as crew:
            url = ready_url(server) if port else url
            announce(url, size)
            _tend(server, crew)
    except KeyboardInterrupt:
        pass
    finally:
        stop([server])


def _tend(server: Process, crew: Crew) -> None:
    try:
        while is_running(server):
            for line in crew.tend(time.monotonic()):
                say(line)
            time.sleep(_TEND_SECONDS)
    except KeyboardInterrupt:
        say("stopping; once more Ctrl-C does not wait for the workers")
    else:
        raise ProcessFailed(f"the server {ending(server)}; what it had stored is kept")


def _print_ready(url: str, size: int) -> None:
    print(json.dumps({"url": url, "version": __version__, "workers": size}), flush=True)


def _announce(url: str, size: int) -> None:
    from caviar.connection import DEFAULT_URL

    flag = "" if url == DEFAULT_URL else f" --url {url}"
    say(f"Caviar {__version__} is ready at {url} with {size} worker{'' if size == 1 else 's'}")
    say(f"  submit a search:     caviar submit spec.yaml --wait{flag}")
    say(f"  keep workers busy:   parallel: {max(2, 2 * size)} in the spec, twice the workers")
    say(f"  the HTTP interface:  {url}/docs")
    say("  stop:                Ctrl-C; what is stored is kept")


def _place(store_url: str) -> str:
    """Without a database server's address, which may hold a password."""
    return store_url.removeprefix("sqlite:///") if store_url.startswith("sqlite:///") else "the database"
