from itertools import combinations

import numpy as np

from trainer.streams import Purpose, stream


def test_a_stream_never_changes() -> None:
    draws = [stream(7, Purpose.WEIGHTS), stream(7, Purpose.BATCH_ORDER, index=2)]
    assert [rng.integers(1000, size=4).tolist() for rng in draws] == [[163, 872, 972, 295], [174, 863, 400, 323]]


def test_seed_purpose_and_index_each_give_another_stream() -> None:
    streams = [
        stream(7, Purpose.WEIGHTS),
        stream(8, Purpose.WEIGHTS),
        stream(7 + 2**62, Purpose.WEIGHTS),
        stream(7, Purpose.BATCH_ORDER),
        stream(7, Purpose.BATCH_ORDER, index=1),
    ]
    draws = [set(rng.integers(2**63, size=1000).tolist()) for rng in streams]
    assert all(one.isdisjoint(other) for one, other in combinations(draws, 2))


def test_streams_of_neighbouring_seeds_are_independent() -> None:
    one, other = (stream(seed, Purpose.WEIGHTS).standard_normal(10_000) for seed in (1, 2))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.04


def test_any_seed_of_64_bits_is_taken() -> None:
    assert stream(2**64 - 1, Purpose.WEIGHTS).random() < 1
