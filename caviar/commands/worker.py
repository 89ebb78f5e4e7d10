"""`caviar worker`: one worker process."""

from typing import Annotated

import typer

from caviar.commands.console import log_instead, say
from caviar.commands.lifeline import end_with_starter
from caviar.commands.options import AsJson, Lifeline


def worker(
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="The server, instead of CAVIAR_URL.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="How the server lists this worker.")] = None,
    search: Annotated[str | None, typer.Option("--search", help="Work for this search only.")] = None,
    capacity: Annotated[
        int | None, typer.Option("--capacity", min=1, max=1000, help="Trials to claim at once, at most.")
    ] = None,
    as_json: AsJson = False,
    lifeline: Lifeline = False,
) -> None:
    """Run one worker.

    It claims trials, trains them and reports. Ctrl-C or SIGTERM returns what it holds. With --json, one line on stdout
    tells its name and its server.
    """
    if lifeline:
        end_with_starter()
    from caviar.threads import limit_blas

    # Before NumPy loads, which reads these limits once.
    limit_blas()
    import json

    from caviar import logs
    from caviar.settings import load_settings
    from worker.process import own_name, run

    settings, name = load_settings(url=url, capacity=capacity), name or own_name()
    logs.start(settings.log_format, settings.log_level, worker=name)
    if settings.log_format == "json":
        log_instead("caviar.worker")
    if as_json:
        print(json.dumps({"worker": name, "url": settings.url}), flush=True)
    run(settings, name=name, search=search, say=say)
