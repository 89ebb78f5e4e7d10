import pytest

from caviar import errors
from caviar.commands.exits import ExitCode, exit_code


@pytest.mark.parametrize(
    ("cls", "code"),
    [
        (errors.SearchFailed, 1),
        (errors.SearchEnded, 1),
        (errors.PortOccupied, 1),
        (errors.ServerFault, 1),
        (errors.InvalidSpec, 2),
        (errors.UsageError, 2),
        (errors.InvalidSettings, 2),
        (errors.NotFound, 3),
        (errors.MethodNotAllowed, 4),
        (errors.Unreachable, 5),
        (errors.Unavailable, 5),
    ],
)
def test_an_error_ends_with_the_exit_code_of_what_its_reader_can_do(cls: type[errors.CaviarError], code: int) -> None:
    assert exit_code(cls("")) == code


def test_no_error_ends_as_success() -> None:
    assert ExitCode.OK not in {exit_code(cls("")) for cls in errors.every_class()}
