"""What a user is told when a command fails: one sentence, and an exit code for scripts; never a traceback unasked."""

import os
import re
import traceback
from typing import Any

import typer

from caviar.commands.console import say
from caviar.commands.exits import ExitCode, exit_code
from caviar.errors import CaviarError
from caviar.spelling import did_you_mean

VERBOSE = "CAVIAR_VERBOSE"


def explain(error: Exception) -> int:
    """Say what went wrong; the exit code."""
    if os.environ.get(VERBOSE, "0") not in ("", "0"):
        traceback.print_exception(error)
    if isinstance(error, typer.TyperException):
        return _refuse(error)
    if isinstance(error, CaviarError):
        return _name_fields(error)
    lines = str(error).splitlines() or ["no reason given"]
    say(f"error: unexpected {type(error).__name__}: {lines[0]}; {VERBOSE}=1 shows where", is_error=True)
    return ExitCode.FAILED


def _refuse(error: typer.TyperException) -> int:
    """A command line that typer cannot read."""
    text = error.format_message().rstrip(".")
    text = text.replace("Value error, ", "").replace("Input should be", "must be")
    if choice := re.search(r"'([^']*)' is not one of (.*)$", text):
        text = f"{text[: choice.start()]}{choice[1]!r} is not known; {did_you_mean(choice[1], _names(choice[2]))}"
    near: Any = getattr(error, "possibilities", None)
    if near:
        text = f"{error.message}; did you mean {near[0]}?"
    context: Any = getattr(error, "ctx", None)
    advice = f"; {context.command_path} --help explains" if context and not text.endswith("?") else ""
    say(f"error: {text[:1].lower()}{text[1:]}{advice}", is_error=True)
    return error.exit_code


def _names(quoted: str) -> list[str]:
    return re.findall(r"'([^']*)'", quoted)


def _name_fields(error: CaviarError) -> int:
    """The detail names the first wrong field; where there are more, each has a line."""
    say(f"error: {error.detail}", is_error=True)
    for field in error.errors if len(error.errors) > 1 else ():
        say(f"  {field.pointer.removeprefix('/').replace('/', '.')}: {field.detail}")
    return exit_code(error)
