"""The data sets that come with scikit-learn, by name: the facts alone, so that a server can know them without loading.

`trainer.datasets` loads them; a test compares what it loads with these facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class UnknownTable(LookupError):
    """No built-in data set has this name."""


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What is known of a table before it is loaded; `sha256` is `trainer.datasets.content_hash` of it."""

    name: str
    task: str
    n_examples: int
    n_features: int
    n_classes: int
    sha256: str


_FACTS = (
    TableFacts(
        name="digits",
        task="classification",
        n_examples=1797,
        n_features=64,
        n_classes=10,
        sha256="f38847c6aba029dc9090407fce6a77fc8ed26fa4d379645c122bb560c49d7f83",
    ),
    TableFacts(
        name="breast_cancer",
        task="classification",
        n_examples=569,
        n_features=30,
        n_classes=2,
        sha256="d74d253234bd2f851ead53bbbf95ffa4338920faf5e165eb90f841eac2d9847c",
    ),
    TableFacts(
        name="wine",
        task="classification",
        n_examples=178,
        n_features=13,
        n_classes=3,
        sha256="d347d01e13494d261f1cb74d7690d8e5c458bf0db257080523d679e0278ff65b",
    ),
    TableFacts(
        name="iris",
        task="classification",
        n_examples=150,
        n_features=4,
        n_classes=3,
        sha256="1bb0991ef4ec248ac2a27b5330b88836dfa7fe666950dfc728b7823c4aa92a53",
    ),
)

TABLES: Mapping[str, TableFacts] = MappingProxyType({facts.name: facts for facts in _FACTS})


def facts(name: str) -> TableFacts:
    """The facts of a built-in table. Raises UnknownTable with a sentence that lists the names."""
    if name not in TABLES:
        raise UnknownTable(f"There is no built-in data set {name!r}; the built-in ones are {', '.join(TABLES)}.")
    return TABLES[name]
