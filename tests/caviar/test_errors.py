"""The tree of errors."""

import re

import caviar
from caviar import errors
from caviar.errors import CaviarError, every_class


def test_every_class_has_a_code_of_its_own() -> None:
    codes = [cls.code for cls in every_class()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    drawn: dict[str, str] = {}
    ancestors = ["CaviarError"]
    for line in str(errors.__doc__).splitlines():
        if match := re.match(r"    ([│ ]*)[├└]── (\w+)", line):
            depth = len(match[1]) // 4 + 1
            ancestors[depth:] = [match[2]]
            drawn[match[2]] = ancestors[depth - 1]
    assert drawn == {cls.__name__: cls.__bases__[0].__name__ for cls in every_class() if cls is not CaviarError}


def test_what_a_script_needs_is_found_in_the_package_itself() -> None:
    assert {name: getattr(caviar, name).__name__ for name in ("Client", "SearchSpec", "CaviarError")} == {
        "Client": "Client",
        "SearchSpec": "SearchSpec",
        "CaviarError": "CaviarError",
    }
    assert not hasattr(caviar, "Clint")
