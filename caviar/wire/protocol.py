"""The worker protocol: claim, report, finish. One bad item never fails the others, so items are checked one by one."""

from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from caviar.numbers import LARGEST_INTEGER, Number
from caviar.validation import sentence
from caviar.wire.model import Answer, JsonObject, Text, WorkerRequest, example
from caviar.wire.searches import DatasetReference

MOST_ITEMS = 1000
MetricName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.:/@-]{0,99}$")]
Metrics = Annotated[dict[MetricName, Number], Field(max_length=200)]
Step = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
_CLAIMED: dict[str, Any] = {
    "id": "31",
    "search": "1",
    "number": 30,
    "attempt": 1,
    "trainer": "mlp",
    "hyperparameters": {"learning_rate": 0.0061, "batch_size": 128, "epochs": 20},
    "seed": 6364136223846793,
    "stack": "digits:0:b128-bn",
    "dataset": {"name": "digits", "hash": "sha256:0d3e", "split_seed": 0},
    "resume": None,
    "lease": {"token": "5f3a…", "ttl_seconds": 30.0},
}
_PROOF = {"trial": "31", "attempt": 1, "token": "5f3a…"}


class Status(StrEnum):
    OK = "ok"
    STOP = "stop"
    LOST = "lost"
    REFUSED = "refused"


class StopReason(StrEnum):
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class Malformed(BaseModel):
    """An item that does not have the form of its kind; answered `refused` in its place."""

    trial: str
    detail: str


Item = TypeVar("Item", bound=BaseModel)


def _or_malformed(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason, where = sentence(first, ()), ".".join(str(part) for part in first["loc"])
        trial = str(value.get("trial", "")) if isinstance(value, dict) else ""
        # What cannot be encoded is replaced: the answer to the other items must not fail for it.
        shown = trial[:200].encode(errors="replace").decode()
        return Malformed(trial=shown, detail=f"{where}: {reason}" if where else reason)


Each = Annotated[Item, WrapValidator(_or_malformed)]


class ClaimRequest(WorkerRequest):
    worker: Text
    capacity: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = 1
    trainers: Annotated[list[Text], Field(min_length=1, max_length=100)]
    claim_key: Annotated[str, StringConstraints(min_length=16, max_length=200)]
    search: Text | None = None
    features: Annotated[list[Text], Field(max_length=100)] = []
    about: JsonObject = {}

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "worker": "host-1",
                "capacity": 16,
                "trainers": ["mlp"],
                "claim_key": "0b6f9d1e4c5a4f0e8d7c6b5a49382716",
                "features": ["stop"],
                "about": {"caviar": "0.1.0"},
            }
        )
    )


class Resume(Answer):
    attempt: int
    step: int
    artifact: str | None = None

    model_config = ConfigDict(json_schema_extra=example({"attempt": 1, "step": 7, "artifact": None}))


class Lease(Answer):
    token: str
    ttl_seconds: float

    model_config = ConfigDict(json_schema_extra=example(_CLAIMED["lease"]))


class ClaimedTrial(Answer):
    id: str
    search: str
    number: int
    attempt: int
    trainer: str
    hyperparameters: dict[str, Any]
    seed: int
    stack: str
    dataset: DatasetReference | None
    resume: Resume | None
    lease: Lease

    model_config = ConfigDict(json_schema_extra=example(_CLAIMED))


class ClaimAnswer(Answer):
    trials: list[ClaimedTrial]
    drain: bool

    model_config = ConfigDict(json_schema_extra=example({"trials": [_CLAIMED], "drain": False}))


class Proof(WorkerRequest):
    """What shows that the sender holds the lease."""

    trial: Text
    attempt: Annotated[int, Field(ge=1, le=2**31 - 1)]
    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]

    model_config = ConfigDict(json_schema_extra=example(_PROOF))


class TrialReport(Proof):
    """Metrics of one step; without metrics it is a heartbeat."""

    step: Step | None = None
    metrics: Metrics = {}

    model_config = ConfigDict(json_schema_extra=example({**_PROOF, "step": 1, "metrics": {"dev_accuracy": 0.91}}))


class ReportRequest(WorkerRequest):
    reports: Annotated[list[Each[TrialReport] | Malformed], Field(max_length=MOST_ITEMS)]

    model_config = ConfigDict(
        json_schema_extra=example({"reports": [{**_PROOF, "step": 1, "metrics": {"dev_accuracy": 0.91}}]})
    )


class Result(Answer):
    """What became of one item. A status that a reader does not know counts as ok."""

    trial: str
    status: Status
    reason: StopReason | None = None
    code: str | None = None
    detail: str | None = None
    ttl_seconds: float | None = None

    model_config = ConfigDict(json_schema_extra=example({"trial": "31", "status": "ok", "ttl_seconds": 30.0}))


class Results(Answer):
    results: list[Result]

    model_config = ConfigDict(
        json_schema_extra=example({"results": [{"trial": "31", "status": "ok", "ttl_seconds": 30.0}]})
    )


class TrialOutcome(Proof):
    outcome: Literal["completed", "failed", "returned"]
    metrics: Metrics = {}
    error: Annotated[str, StringConstraints(max_length=100_000)] | None = None

    model_config = ConfigDict(
        json_schema_extra=example({**_PROOF, "outcome": "completed", "metrics": {"test_accuracy": 0.98}})
    )


class FinishRequest(WorkerRequest):
    outcomes: Annotated[list[Each[TrialOutcome] | Malformed], Field(max_length=MOST_ITEMS)]

    model_config = ConfigDict(
        json_schema_extra=example(
            {"outcomes": [{**_PROOF, "outcome": "completed", "metrics": {"test_accuracy": 0.98}}]}
        )
    )
