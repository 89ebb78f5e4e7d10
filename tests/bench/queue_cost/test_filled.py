"""A filled database is one that the server itself could have left."""

import pytest

from bench.queue_cost import filled
from bench.queue_cost.line import Line
from bench.queue_cost.served import served
from bench.queue_cost.toy import HIGH, LOW, loss
from caviar.client import Client
from caviar.states import SearchState

FINISHED = 25


def test_the_server_goes_on_with_a_filled_search(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filled, "_CHUNK", 10)
    filled.fill(empty_url, finished=FINISHED)
    search_id = str(filled.SEARCH)
    with served(empty_url) as server, Client(server.url) as client, Line(server.url) as line:
        search = client.read_search(search_id)
        assert search.state is SearchState.ACTIVE
        assert search.counts.completed == FINISHED
        assert search.trials == FINISHED + filled.TO_COME

        board = client.leaderboard(search_id).items
        assert sorted(row.number for row in board) == list(range(FINISHED))
        assert [row.value for row in board] == sorted(loss(row.hyperparameters) for row in board)
        assert all(LOW <= value <= HIGH for row in board for value in row.hyperparameters.values())
        assert search.best is not None
        assert (search.best.number, search.best.value) == (board[0].number, board[0].value)

        for row in board:
            (attempt,) = client.trial(row.id).attempts
            assert (attempt.outcome, attempt.last_step) == ("completed", 1)
            (report,) = client.reports(row.id).items
            assert (report.step, report.metrics) == (1, row.metrics)

        (trial,) = line.claim(search_id, worker="bench", trainer=filled.TRAINER)
        assert trial["number"] == FINISHED, "the numbers go on where the filled ones end"
        line.report([trial])
        line.finish([trial])
        assert client.search(search_id).counts.completed == FINISHED + 1
