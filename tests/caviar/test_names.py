"""What `from caviar import …` gives, to Python and to type checkers."""

import ast
import inspect
from pathlib import Path

import pytest

import caviar

STUB = ast.parse(Path(caviar.__file__).with_suffix(".pyi").read_text())


@pytest.mark.parametrize("name", sorted(set(caviar.__all__) - {"__version__"}))
def test_every_name_is_there_and_comes_from_where_type_checkers_look(name: str) -> None:
    homes = {alias.name: node.module for node in STUB.body if isinstance(node, ast.ImportFrom) for alias in node.names}

    assert inspect.isclass(getattr(caviar, name))
    assert getattr(caviar, name).__module__ == homes.pop(name)
    assert set(homes) | {name, "__version__"} == set(caviar.__all__)


def test_an_unknown_name_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'caviar' has no attribute 'Cleint'"):
        caviar.Cleint  # type: ignore[attr-defined]  # noqa: B018
