import tracemalloc
from typing import Any

import pytest

from trainer.budget import fitting_bytes, member_bytes
from trainer.split import Split
from trainer.stack import Member
from trainer.training import run


@pytest.mark.parametrize(
    "hparams", [{"hidden_units": 200}, {"hidden_units": 64, "keep_prob": 0.5, "batch_size": "all"}]
)
def test_the_estimate_is_above_what_training_takes_and_not_ten_times_so(digits: Split, hparams: dict[str, Any]) -> None:
    members = [Member({**hparams, "epochs": 2}, seed) for seed in range(8)]
    list(run(digits, members[:1]))
    tracemalloc.start()
    list(run(digits, members))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 1 < 8 * member_bytes(members[0].hparams, digits) / peak < 10


def test_what_does_not_fit_is_refused_in_a_sentence(digits: Split) -> None:
    each = member_bytes({}, digits)
    assert fitting_bytes(each, {}, digits) == each
    with pytest.raises(ValueError, match=r"One network needs about .* MB to train, the budget is .* MB; take fewer"):
        fitting_bytes(each - 1, {}, digits)
