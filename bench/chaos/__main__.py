"""Caviar under faults: servers and workers are killed, paused and cut off, and a checker looks at what is left.

    python -m bench.chaos --seed 1 --trials 200 --db sqlite [--planted all]

Exit code 1 when something acknowledged was lost, or anything was duplicated, unexpected or stuck.
Last line: one JSON object with the figures, which --report also takes. docs/reliability.md says what each is.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.chaos import acts, checker, scoreboard
from bench.chaos.figures import figures, is_clean
from bench.chaos.plan import Targets
from bench.chaos.planted import BUGS, Verdict, judge
from bench.chaos.run import Config, run
from bench.reporting import last_line

_MOST_SENTENCES = 20


def main() -> None:
    flags = _parser().parse_args()
    found: dict[str, Any] = {}
    sentences: list[str] = []
    if flags.trials:
        with ExitStack() as stack:
            folder = Path(flags.folder or stack.enter_context(TemporaryDirectory(prefix="caviar-chaos-")))
            folder.mkdir(parents=True, exist_ok=True)
            found, sentences = _chaos(_config(flags, folder))
    if flags.planted:
        found |= _planted(BUGS if flags.planted == "all" else [int(flags.planted)])
    for sentence in sentences[:_MOST_SENTENCES]:
        print(sentence)
    if len(sentences) > _MOST_SENTENCES:
        print(f"… and {len(sentences) - _MOST_SENTENCES} more, in {flags.report}")
    flags.report.write_text(json.dumps({**found, "findings": sentences}, indent=2) + "\n")
    print(f"\n{scoreboard.line(found)}\n{last_line({name: figure for name, figure in found.items() if name != 'log'})}")
    sys.exit(0 if is_clean(found) else 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=100, help="of all searches together; default 100")
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--ttl", type=float, default=2.0, help="seconds of a lease; default 2")
    for field in fields(Targets):
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, type=int, metavar="N", help="default: grows with the trials")
    parser.add_argument("--planted", metavar="N|all", choices=["all", *map(str, BUGS)], help="also plant this bug")
    parser.add_argument("--bug", metavar="NAME", help="run all of it on a server with this bug: it must fail")
    parser.add_argument("--report", type=Path, default=Path("chaos-report.json"))
    parser.add_argument("--folder", help="where histories, logs and the SQLite file are to be kept; default: nowhere")
    return parser


def _config(flags: argparse.Namespace, folder: Path) -> Config:
    usual = Targets.usual(flags.trials, has_server_of_its_own=flags.db == "postgres").counted()
    wanted = {name: usual[name] if getattr(flags, name) is None else getattr(flags, name) for name in usual}
    return Config(
        seed=flags.seed,
        trials=flags.trials,
        database=flags.db,
        workers=flags.workers,
        ttl_seconds=flags.ttl,
        targets=Targets(**wanted),
        folder=folder,
        bug=flags.bug,
    )


def _chaos(config: Config) -> tuple[dict[str, Any], list[str]]:
    """The figures, and a sentence for everything that is wrong."""
    outcome = run(config)
    history = acts.read(outcome.events)
    findings = checker.check(history, outcome.told)
    found = figures(config, outcome, history, findings)
    began = min((fault.began for fault in outcome.log), default=0.0)
    found["log"] = [[round(fault.began - began, 3), round(fault.ended - began, 3), fault.kind] for fault in outcome.log]
    return found, [f"{finding.fault}: {finding.sentence}" for finding in findings]


def _planted(numbers: Iterable[int]) -> dict[str, Any]:
    """Each bug beside the sound server, a line for each and as figures."""
    verdicts = [judge(number) for number in numbers]
    for verdict in verdicts:
        print(
            f"{verdict.number:2} {verdict.bug:26} {'caught' if verdict.is_caught else 'NOT CAUGHT'}: {_shown(verdict)}"
        )
    return {
        "planted_bugs": len(verdicts),
        "planted_bugs_caught": sum(verdict.is_caught for verdict in verdicts),
        "planted": {verdict.bug: {"sound": verdict.sound[:3], "planted": verdict.planted[:3]} for verdict in verdicts},
    }


def _shown(verdict: Verdict) -> str:
    """The first thing that went wrong; at the sound server, if anything did."""
    if verdict.sound:
        return f"without the bug, too: {verdict.sound[0]}"
    return verdict.planted[0] if verdict.planted else "nothing went wrong"


if __name__ == "__main__":
    main()
