"""Every error Caviar raises on purpose, grouped by what the caller can do about it.

    CaviarError
    ├── RequestError             change the request
    │   ├── InvalidSpec          the search spec is wrong; `errors` names the fields
    │   ├── InvalidRequest       another body, header or query is wrong
    │   ├── IdempotencyMismatch  the Idempotency-Key was used for another body
    │   ├── NotFound             there is no such thing
    │   └── MethodNotAllowed     the path exists, the method does not
    ├── ConflictError            look at the present state, then decide
    │   ├── SearchEnded          the search has ended
    │   ├── TrialEnded           the trial has ended
    │   └── BudgetUsed           every trial of the budget is numbered
    ├── RetryLater               the same request may succeed soon
    │   └── Unavailable          the server cannot answer now
    ├── ServerFault              a defect in the server; the log has the traceback
    └── LocalError               raised on the caller's own machine, never sent over HTTP
        ├── UsageError           the command line or a call is wrong
        ├── InvalidSettings      a setting is wrong
        ├── Unreachable          no server answers at that address
        ├── PortOccupied         another process listens on the port
        ├── StoreRefused         the database cannot be used as it stands
        ├── ProcessFailed        a process that we started ended unexpectedly
        ├── SearchFailed         the search that was waited for did not complete
        └── WaitedTooLong        what was waited for did not come in the time that the caller gave

`code` is what a program branches on; it is the same in Python and in JSON. The HTTP status of each class stands in
one table, service/api/problems.py; the exit code of each stands in caviar/commands/exits.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field. `pointer` is a JSON pointer (RFC 6901) into the body."""

    pointer: str
    detail: str


class CaviarError(Exception):
    code: ClassVar[str] = "error"

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class RequestError(CaviarError):
    code = "request_error"


class InvalidSpec(RequestError):
    code = "invalid_spec"


class InvalidRequest(RequestError):
    code = "invalid_request"


class IdempotencyMismatch(RequestError):
    code = "idempotency_mismatch"


class NotFound(RequestError):
    code = "not_found"


class MethodNotAllowed(RequestError):
    code = "method_not_allowed"


class ConflictError(CaviarError):
    code = "conflict"


class SearchEnded(ConflictError):
    code = "search_ended"


class TrialEnded(ConflictError):
    code = "trial_ended"


class BudgetUsed(ConflictError):
    code = "budget_used"


class RetryLater(CaviarError):
    code = "retry_later"


class Unavailable(RetryLater):
    code = "unavailable"


class ServerFault(CaviarError):
    code = "server_fault"


class LocalError(CaviarError):
    code = "local_error"


class UsageError(LocalError):
    code = "usage"


class InvalidSettings(LocalError):
    code = "invalid_settings"


class Unreachable(LocalError):
    code = "unreachable"
    may_have_arrived = True
    """Whether the request may have been carried out all the same, and only its answer did not come."""


class PortOccupied(LocalError):
    code = "port_occupied"


class StoreRefused(LocalError):
    code = "store_refused"


class ProcessFailed(LocalError):
    code = "process_failed"


class SearchFailed(LocalError):
    code = "search_failed"


class WaitedTooLong(LocalError, TimeoutError):
    code = "waited_too_long"


def every_class() -> list[type[CaviarError]]:
    """All classes of the tree, the root first."""
    found: list[type[CaviarError]] = []
    todo: list[type[CaviarError]] = [CaviarError]
    while todo:
        found.append(todo.pop(0))
        todo.extend(found[-1].__subclasses__())
    return found
