"""An even sample of a search's results: all of them where they are few, and never more than asked for."""

import math

import pytest

from caviar.errors import NotFound
from service.samplers.interface import Result
from service.storage import samples
from tests.service.desk import Desk


def sample(desk: Desk, search_id: int, *, limit: int = 1000) -> list[Result]:
    with desk.database.read() as tx:
        return samples.finished(tx, search_id, limit=limit)


def test_every_trial_that_was_tried_is_there_by_number_and_others_are_not(desk: Desk) -> None:
    search_id = desk.search(queued=6, goal="maximize")
    done, diverged, failed, cancelled, _running = desk.claim(capacity=5)
    desk.finish(done, score=0.5)
    desk.finish(diverged, score=math.nan)
    desk.finish(failed, "failed")
    desk.cancel(cancelled.trial.id)
    found = sample(desk, search_id)
    assert [(result.number, result.score) for result in found] == [(0, -0.5), (1, None), (2, None)]
    assert found[2].hyperparameters == {"x": 0.002}


def test_a_large_search_is_sampled_evenly(desk: Desk) -> None:
    search_id = desk.search(queued=200)
    while grants := desk.claim(capacity=1000):
        for grant in grants:
            desk.finish(grant, score=1.0)
    numbers = [result.number for result in sample(desk, search_id, limit=50)]
    assert [number // 4 for number in numbers] == list(range(50))
    assert {number % 4 for number in numbers} == {0, 1, 2, 3}
    assert len(sample(desk, search_id, limit=199)) == 199
    assert len(sample(desk, search_id, limit=200)) == 200


def test_a_search_that_does_not_exist_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        sample(desk, 1)
