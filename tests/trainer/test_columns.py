import numpy as np

from trainer.columns import column, columns_of
from trainer.hyperparameters import complete
from trainer.stack import Member


def test_every_number_is_a_column_as_it_stands_in_each_member_s_coming_epoch() -> None:
    members = [
        Member(complete({"learning_rate": 0.2, "decay": "inverse_sqrt", "l2": 3}), 1),
        Member(complete({"learning_rate": 0.5, "clip_norm": 2}), 2),
    ]
    columns = columns_of(members, [3, 7])
    assert columns["learning_rate"].ravel().tolist() == [0.1, 0.5]
    assert columns["l2"].ravel().tolist() == [3, 0]
    assert columns["clip_norm"].ravel().tolist() == [np.inf, 2]
    assert {each.shape for each in columns.values()} == {(2, 1, 1)}
    assert column([1]).dtype == np.float64
