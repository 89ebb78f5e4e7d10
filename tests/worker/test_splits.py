"""The data of a search as a worker keeps it."""

import numpy as np
import pytest

from caviar.wire.searches import DatasetReference
from trainer.datasets import content_hash, load
from worker.splits import split_for


def reference(name: str = "iris", **fields: object) -> DatasetReference:
    return DatasetReference.model_validate({"name": name, "hash": f"sha256:{content_hash(load('iris'))}", **fields})


def test_the_same_reference_gives_the_very_same_split() -> None:
    assert split_for(reference(split_seed=1)) is split_for(reference(split_seed=1))


def test_the_seed_of_the_search_decides_who_is_in_which_part() -> None:
    one, two = split_for(reference(split_seed=1)), split_for(reference(split_seed=2))
    assert one.train.x.shape == two.train.x.shape
    assert not np.array_equal(one.train.y, two.train.y)


def test_without_a_seed_it_is_zero() -> None:
    assert split_for(reference()) is split_for(reference(split_seed=0))


def test_data_of_another_content_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"has the content sha256:\w+, the search was created with sha256:0; install"):
        split_for(reference(hash="sha256:0"))


def test_data_that_this_worker_does_not_have_is_refused() -> None:
    with pytest.raises(LookupError, match="iri"):
        split_for(reference("iri"))
