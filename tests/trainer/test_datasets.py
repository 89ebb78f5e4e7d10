import subprocess
import sys

import numpy as np
import pytest
from sklearn import datasets

from trainer.datasets import Table, content_hash, load
from trainer.tables import TABLES, UnknownTable


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_its_facts_say(name: str) -> None:
    table, facts = load(name), TABLES[name]
    assert table.x.shape == (facts.n_examples, facts.n_features)
    assert (table.x.dtype, table.y.dtype) == (np.dtype(np.float32), np.dtype(np.int64))
    assert len(table.class_names) == facts.n_classes
    assert set(table.y) == set(range(facts.n_classes))
    assert facts.task == "classification"
    assert content_hash(table) == facts.sha256


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_scikit_learn_loads(name: str) -> None:
    table, bunch = load(name), getattr(datasets, f"load_{name}")()
    np.testing.assert_array_equal(table.x, bunch.data.astype(np.float32))
    np.testing.assert_array_equal(table.y, bunch.target)
    assert table.class_names == tuple(str(class_name) for class_name in bunch.target_names)


def test_loading_does_not_import_scikit_learn() -> None:
    code = "import sys; from trainer.datasets import load; load('digits'); sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def test_class_names_are_those_of_the_data() -> None:
    assert load("iris").class_names == ("setosa", "versicolor", "virginica")
    assert load("digits").class_names == tuple("0123456789")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownTable, match="no built-in data set 'mnist'"):
        load("mnist")


def test_the_hash_sees_values_types_and_shapes() -> None:
    x, y = np.arange(6, dtype=np.float32).reshape(3, 2), np.array([0, 1, 0])
    tables = [
        Table(x, y, ("a", "b")),
        Table(x + 1, y, ("a", "b")),
        Table(x, 1 - y, ("a", "b")),
        Table(x.reshape(2, 3), y, ("a", "b")),
        Table(x.astype(np.float64), y, ("a", "b")),
    ]
    assert len({content_hash(table) for table in tables}) == len(tables)


def test_the_hash_does_not_see_how_the_array_lies_in_memory() -> None:
    x, y = np.arange(6, dtype=np.float32).reshape(3, 2), np.array([0, 1, 0])
    same = Table(np.asfortranarray(x).astype(">f4"), y.astype(">i8"), ())
    assert content_hash(same) == content_hash(Table(x, y, ()))
