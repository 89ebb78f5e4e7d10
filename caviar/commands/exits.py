"""The exit codes of the command line, and which error ends with which."""

from enum import IntEnum

from caviar import errors


class ExitCode(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    UNREACHABLE = 5
    INTERRUPTED = 130
    """As shells report a program that Ctrl-C ended: 128 + SIGINT."""


EXIT_CODES: dict[type[errors.CaviarError], ExitCode] = {
    errors.CaviarError: ExitCode.FAILED,
    errors.RequestError: ExitCode.USAGE,
    errors.NotFound: ExitCode.NOT_FOUND,
    errors.MethodNotAllowed: ExitCode.NOT_ALLOWED,
    errors.RetryLater: ExitCode.UNREACHABLE,
    errors.UsageError: ExitCode.USAGE,
    errors.InvalidSettings: ExitCode.USAGE,
    errors.Unreachable: ExitCode.UNREACHABLE,
}
"""A class that is not listed ends as its nearest ancestor does."""


def exit_code(error: errors.CaviarError) -> ExitCode:
    return next(EXIT_CODES[cls] for cls in type(error).__mro__ if cls in EXIT_CODES)
