"""`caviar doctor`: what is wrong, and what to do about it."""

import typer

from caviar.commands.console import print_json
from caviar.commands.db import DatabaseUrl
from caviar.commands.exits import ExitCode
from caviar.commands.options import AsJson, DataDir, Url


def doctor(
    url: Url = None, database_url: DatabaseUrl = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Check database, disk, server, workers.

    And clocks, and searches that stand still. It changes nothing, and works whether the server runs or not. The exit
    code is 1 when there is a problem.
    """
    from dataclasses import asdict

    from caviar.settings import load_settings
    from service.checkup.examination import examine
    from service.checkup.findings import Level

    found = []
    for finding in examine(load_settings(url=url, database_url=database_url, data_dir=data_dir)):
        found.append(finding)
        if not as_json:
            print(f"{finding.level:<8} {finding.check:<9} {finding.detail}", flush=True)
            if finding.advice:
                print(f"{'':<18} {finding.advice}", flush=True)
    worst = max((finding.level for finding in found), key=list(Level).index)
    if as_json:
        print_json({"level": worst, "items": [asdict(finding) for finding in found]})
    if worst is Level.PROBLEM:
        raise typer.Exit(ExitCode.FAILED)
