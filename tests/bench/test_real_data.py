"""Data sets that are no part of the project are found, or missed with a reason."""

from pathlib import Path

import numpy as np
import pytest

from bench.real_data import VARIABLE, NotHere, real_table


def test_a_built_in_table_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert real_table("iris").x.shape == (150, 4)


def test_without_the_folder_the_reason_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(NotHere, match=f"spambase is left out: {VARIABLE}"):
        real_table("spambase")


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(NotHere, match=r"tabular/spambase\.npz"):
        real_table("spambase")


def test_a_file_becomes_a_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tabular").mkdir()
    np.savez(
        tmp_path / "tabular" / "spambase.npz",
        X=np.eye(3, dtype=np.uint8),
        y=np.array([0, 1, 0]),
        task=np.array("classification"),
        classes=np.array(["ham", "spam"]),
    )
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    table = real_table("spambase")
    assert (table.x.dtype.name, table.y.dtype.name, table.class_names) == ("float32", "int64", ("ham", "spam"))
