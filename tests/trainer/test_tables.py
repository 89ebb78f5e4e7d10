import pytest

from trainer.tables import TABLES, UnknownTable, facts


def test_the_four_built_in_tables_are_known() -> None:
    assert list(TABLES) == ["digits", "breast_cancer", "wine", "iris"]
    assert facts("wine").n_examples == 178


def test_an_unknown_table_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownTable) as refusal:
        facts("mnist")
    assert str(refusal.value) == (
        "There is no built-in data set 'mnist'; the built-in ones are digits, breast_cancer, wine, iris."
    )
