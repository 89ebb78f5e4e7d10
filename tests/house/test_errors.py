"""Every error has an HTTP status and an exit code, and nothing is caught without a reason."""

import ast
from pathlib import Path

import pytest

from caviar.commands.exits import ExitCode, exit_code
from caviar.errors import CaviarError, LocalError, every_class
from service.api.problems import STATUS
from tests.house.tree import modules, name, parse

BROAD_EXCEPTS = {
    ("caviar/commands/main.py", "_run"): "the edge of a command: one line for the person, the traceback on request",
    ("caviar/loop.py", "_handle"): "the edge of a trial: what training code raises is its result, not the worker's end",
    ("caviar/outbox.py", "_run"): "the edge of a thread: whoever waits for it must learn that it is gone, and why",
    ("worker/stacks.py", "_train_or_fail"): "the edge of a stack: its trials fail, the claim's other stacks go on",
    ("caviar/loop.py", "_ask"): "the edge of a thread: whoever waits for its answer must learn why there is none",
    ("service/api/timing.py", "__call__"): "the edge of a request: it is counted as failed and raised on",
    ("service/api/direct.py", "__call__"): "the edge of a request: a worker gets an answer, and the log the error",
    ("service/turns.py", "take_turns"): "the edge of a background turn: it is logged, and the next one comes",
    (
        "service/watcher.py",
        "keep_watch",
    ): "the edge of a look at the store: it is logged, and those who wait go on",
    ("service/queue.py", "_plan"): "the edge of a plan: what led to it is committed, and the next turn plans again",
    (
        "service/planning.py",
        "_next_of_stream",
    ): "the edge of a plan: the results beside it are committed, the next turn plans",
    ("service/storage/flight.py", "_begin"): "whatever it was, the connection is given up, and it is raised on",
    ("service/storage/kept.py", "begin"): "whatever it was, the connection is not kept, and it is raised on",
    ("service/storage/writer.py", "_carry_out"): "the edge of the writer: whoever asked is told, the next go on",
    ("service/storage/writer.py", "_within_savepoint"): "the edge of one piece: its asker is told, the others go on",
}
"""The only places that may catch what nobody foresaw. Everywhere else an unknown error must reach one of them."""


def test_every_error_that_a_server_can_raise_has_a_status() -> None:
    assert set(STATUS) == {cls for cls in every_class() if not issubclass(cls, LocalError)}


@pytest.mark.parametrize("cls", STATUS)
def test_a_status_tells_whose_turn_it_is(cls: type[CaviarError]) -> None:
    assert STATUS[cls] in range(400, 600)
    if cls.__bases__[0] is not CaviarError and cls is not CaviarError:
        assert STATUS[cls] // 100 == STATUS[cls.__bases__[0]] // 100


@pytest.mark.parametrize("cls", every_class())
def test_every_error_ends_a_command_with_a_failure(cls: type[CaviarError]) -> None:
    assert exit_code(cls("a reason")) in set(ExitCode) - {ExitCode.OK, ExitCode.INTERRUPTED}


def test_broad_excepts_stand_only_where_they_are_explained() -> None:
    found = {place for path in modules() for place in _broad_excepts(path)}
    assert found == set(BROAD_EXCEPTS)


def _broad_excepts(path: Path) -> set[tuple[str, str]]:
    """The functions that catch everything, as (file, function)."""
    found = set()
    for function in ast.walk(parse(path)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(_is_broad, ast.walk(function))):
            found.add((name(path), function.name))
    return found


def _is_broad(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return node.type is None or _names_everything(node.type)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return any(map(_names_everything, node.args))
    return False


def _names_everything(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) and part.id in ("Exception", "BaseException") for part in ast.walk(node))


@pytest.mark.parametrize(
    "body",
    [
        "try: ...\n    except: ...",
        "try: ...\n    except Exception: ...",
        "try: ...\n    except (OSError, BaseException) as e: ...",
        "with contextlib.suppress(Exception): ...",
    ],
)
def test_a_broad_except_is_found_in_each_of_its_forms(body: str, tmp_path: Path) -> None:
    assert any(map(_is_broad, ast.walk(ast.parse(f"def f():\n    {body}"))))
