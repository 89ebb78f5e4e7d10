"""The data of a search as a worker keeps it: loaded by name, checked by hash, split by the search's seed."""

from functools import lru_cache

from caviar.wire.searches import DatasetReference
from trainer.datasets import Table, content_hash, load
from trainer.split import Split, split_table

KEPT_TABLES = 4
KEPT_SPLITS = 8


def split_for(dataset: DatasetReference) -> Split:
    """Raises LookupError for a name this worker does not have, ValueError when its content is not the search's."""
    return _split(dataset.name, dataset.hash, dataset.split_seed or 0)


@lru_cache(maxsize=KEPT_SPLITS)
def _split(name: str, expected: str, seed: int) -> Split:
    table, found = _table(name)
    if expected != found:
        raise ValueError(
            f"the dataset {name} of this worker has the content {found}, the search was created with {expected}; "
            "install the same scikit-learn on the server and its workers"
        )
    return split_table(table, seed=seed)


@lru_cache(maxsize=KEPT_TABLES)
def _table(name: str) -> tuple[Table, str]:
    table = load(name)
    return table, f"sha256:{content_hash(table)}"
