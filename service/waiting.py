"""What a search waits for, in a sentence: said wherever a user looks at it."""

from caviar.states import SearchState, TrialState
from service.builtin import TRAINER
from service.planning import Way, lag, way
from service.storage.records import SearchRecord


def waits_for(record: SearchRecord, live: dict[str, int]) -> str | None:
    """What a user must do, or know, when a search stands still."""
    if record.state is SearchState.PAUSED:
        return f"it is paused; resume it with: caviar resume {record.id}"
    if record.state is not SearchState.ACTIVE:
        return None
    if not live.get(record.trainer):
        return f"no live worker offers trainer {record.trainer}; start one with: {_worker_command(record.trainer)}"
    is_idle = not record.counts[TrialState.QUEUED] and record.counts[TrialState.RUNNING]
    spec = record.definition.parsed
    if is_idle and record.next_number < record.budget and way(spec) is Way.ROUNDS:
        behind = record.next_round - lag(record.parallel)
        return f"round {record.next_round} begins when the last trial of round {behind} has finished"
    return None


def _worker_command(trainer: str) -> str:
    return "caviar worker URL" if trainer == TRAINER else f"a worker that was given the trainer {trainer}"
