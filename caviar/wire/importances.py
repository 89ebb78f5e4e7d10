"""Which parameters of a search mattered, as the server shows it."""

from typing import Any

from pydantic import ConfigDict

from caviar.wire.model import Answer, example

_ITEM: dict[str, Any] = {"parameter": "learning_rate", "importance": 0.81, "trials": 48}


class Importance(Answer):
    """`importance` is a share of the sum of all; `trials` counts the results in which the parameter was active."""

    parameter: str
    importance: float
    trials: int

    model_config = ConfigDict(json_schema_extra=example(_ITEM))


class ImportancesAnswer(Answer):
    """Most important first.

    `seen` counts the results that were looked at, `explained` is how much of their differences the parameters explain
    one by one; the rest is noise, and what parameters do only together. `note` says why there is little to say.
    """

    items: list[Importance]
    seen: int
    method: str
    explained: float | None
    note: str | None

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "items": [_ITEM, {"parameter": "batch_size", "importance": 0.19, "trials": 48}],
                "seen": 48,
                "method": "additive",
                "explained": 0.74,
                "note": None,
            }
        )
    )
