"""What the documents say stands in the code, and what they point to exists."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from caviar.states import SEARCH_TRANSITIONS, TRIAL_TRANSITIONS, AttemptOutcome, SearchState, TrialState
from tests.house.tree import ROOT

ARROW = re.compile(r"^ +(\S+) --> (\w+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def drawn(heading: str) -> set[tuple[str, str]]:
    """The arrows of the diagram under a heading of docs/states.md."""
    section = (ROOT / "docs/states.md").read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(ARROW.findall(section))


def arrows(table: dict[StrEnum, frozenset[StrEnum]], first: StrEnum) -> set[tuple[str, str]]:
    return {("[*]", first.value)} | {(old.value, new.value) for old, following in table.items() for new in following}


@pytest.mark.parametrize(
    ("heading", "table", "first"),
    [("A trial", TRIAL_TRANSITIONS, TrialState.QUEUED), ("A search", SEARCH_TRANSITIONS, SearchState.ACTIVE)],
)
def test_the_diagrams_draw_the_tables(heading: str, table: dict[StrEnum, frozenset[StrEnum]], first: StrEnum) -> None:
    assert drawn(heading) == arrows(table, first)


def test_the_diagram_of_an_attempt_shows_each_of_its_ends_and_the_one_way_back() -> None:
    ends = set(AttemptOutcome) - {AttemptOutcome.RUNNING}
    back = {("[*]", "running"), ("lost", "running")}
    assert drawn("An attempt") == back | {("running", end.value) for end in ends}


@pytest.mark.parametrize("document", [pytest.param(path, id=path.name) for path in sorted(DOCUMENTS)])
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = [target for target in LINK.findall(document.read_text()) if not (document.parent / target).exists()]
    assert broken == []


def test_the_readme_names_targets_that_make_has() -> None:
    targets = set(re.findall(r"^([a-z.-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z.-]+)$", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets
