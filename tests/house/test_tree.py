"""The shape of the tree: one concept per file, short and well named."""

import ast

from tests.house.tree import PACKAGES, ROOT, modules, name, parse

LONGEST_FILE = 400
VAGUE = {"common", "helper", "helpers", "misc", "shared", "util", "utils"}
EVERYTHING = (*PACKAGES, "tests", "examples")


def test_no_file_is_longer_than_one_concept_needs() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in modules(*EVERYTHING)}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_file_is_named_after_nothing() -> None:
    assert [name(path) for path in modules(*EVERYTHING) if path.stem in VAGUE] == []


def test_every_module_says_what_it_is() -> None:
    silent = [name(path) for path in modules() if path.stat().st_size and not ast.get_docstring(parse(path))]
    assert silent == []


def test_tests_mirror_the_packages() -> None:
    """A folder of tests is named after a package, or is one of those that look at all of them."""
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= {*PACKAGES, "bench", "browser", "commands", "contracts", "end_to_end", "house"}
