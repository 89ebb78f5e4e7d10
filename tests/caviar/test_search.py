"""A search as an object, against a real server; its trials are run by asking."""

import importlib.util
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from caviar import Client
from caviar.errors import InvalidRequest, NotFound, SearchEnded, SearchFailed, UsageError, WaitedTooLong
from caviar.search import FRESH_SECONDS, Search
from caviar.states import SearchState
from tests.processes import Processes, port_to_keep, running_processes
from tests.worker.loops import toy_spec

HOSTILE = "<script>alert(1)</script>&\"'"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("search")
    with running_processes(folder) as processes:
        server = processes.server(f"sqlite:///{folder / 'caviar.db'}")
        with Client(server.url) as client:
            yield client


def run(search: Search) -> Search:
    for trial in search.asks():
        with trial:
            trial.finish(loss=trial.hyperparameters["x"])
    return search.refresh()


@pytest.fixture(scope="module")
def done(client: Client) -> Search:
    """Of 12 trials in six rounds."""
    return run(client.submit(toy_spec(name="done", trials=12, parallel=4, sampler="zoom")))


def test_a_submitted_search_and_one_found_by_its_id_are_the_same(client: Client) -> None:
    search = client.submit(toy_spec(name="mine"))

    assert (client.search(search.id).name, search.state, search.spec["metric"]) == ("mine", "active", "loss")
    assert repr(search) == f"<search {search.id} (mine): active, 0/4 finished>"
    with pytest.raises(NotFound):
        client.search("987654")


def test_its_results_are_all_there(client: Client, done: Search) -> None:
    values = sorted(trial.hyperparameters["x"] for trial in done.trials())

    assert (done.state, done.counts.completed, done.progress.fraction, done.is_open) == ("completed", 12, 1.0, False)
    assert done.best is not None
    assert done.best.value == values[0]
    assert [row.value for row in done.leaderboard()] == values
    assert [row.rank for row in done.leaderboard(limit=3)] == [1, 2, 3]
    assert [stage.round for stage in done.rounds()] == list(range(6))
    assert [item.parameter for item in done.importances().items] == ["x"]


def test_pages_are_put_together(client: Client, done: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caviar.search._PAGE", 5)

    assert [trial.number for trial in done.trials()] == list(range(12))
    assert [trial.number for trial in done.trials(state="failed")] == []
    assert [row.rank for row in done.leaderboard(limit=7)] == list(range(1, 8))
    assert [stage.round for stage in done.rounds()] == list(range(6))


def test_what_it_says_is_never_older_than_a_second(client: Client) -> None:
    search, other = client.submit(toy_spec()), client.submit(toy_spec())
    client.search(search.id).pause()
    client.search(other.id).cancel()

    assert other.refresh().state == "cancelled"
    time.sleep(FRESH_SECONDS)
    assert search.state == "paused"


def test_pause_resume_extend_and_cancel(client: Client) -> None:
    search = client.submit(toy_spec(trials=1, parallel=1))

    assert search.pause().state == "paused"
    assert search.resume().state == "active"
    assert run(search).state == "completed"
    assert search.extend(to=3).answer.trials == 3
    assert run(search).counts.completed == 3
    with pytest.raises(InvalidRequest):
        search.extend(to=1)
    assert client.submit(toy_spec()).cancel().state == "cancelled"
    with pytest.raises(SearchEnded):
        client.submit(toy_spec()).cancel().resume()


def test_enqueue_repeat_and_delete(client: Client) -> None:
    search = client.submit(toy_spec(trials=3, parallel=1))
    own = search.enqueue({"x": 0.5, "kind": "toy"})
    again = search.repeat(seed=7)

    assert own.origin == "enqueued"
    assert own.id in [trial.id for trial in search.trials()]
    assert (again.spec["seed"], again.spec["space"]) == (7, search.spec["space"])
    search.delete()
    with pytest.raises(NotFound):
        search.refresh()


def test_events_tell_of_every_change(client: Client) -> None:
    search = client.submit(toy_spec())
    events = search.events()
    first = next(events)
    search.pause()

    assert (first.state, next(events).state) == ("active", "paused")


def test_wait_gives_the_completed_search(client: Client) -> None:
    search = client.submit(toy_spec(trials=4))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, client.search(search.id))
        waited = search.wait(timeout=60)
        running.result()

    assert waited is search
    assert (search.answer.state, search.answer.counts.completed) == ("completed", 4)


def test_wait_raises_what_became_of_it_instead(client: Client) -> None:
    doomed = client.submit(toy_spec(name="doomed", trials=9, parallel=1))
    for trial in doomed.asks():
        with pytest.raises(ArithmeticError), trial:
            raise ArithmeticError("no such number")

    with pytest.raises(
        SearchFailed, match=rf"^search {doomed.id} \(doomed\) is failed; trial 0 failed: Traceback(?s:.)*"
    ):
        doomed.wait()
    with pytest.raises(WaitedTooLong, match=r"was not done after 0.2 s"):
        client.submit(toy_spec()).wait(timeout=0.2)


def test_wait_outlives_a_restart_of_the_server(tmp_path: Path, processes: Processes) -> None:
    port, store = port_to_keep(), f"sqlite:///{tmp_path / 'caviar.db'}"
    server = processes.server(store, port=port)
    with Client(server.url, patience=0.5) as client, ThreadPoolExecutor(1) as pool:
        search = client.submit(toy_spec(trials=1))
        waiting = pool.submit(search.wait, timeout=60)
        server.process.kill()
        server.process.wait(10)
        time.sleep(1.5)
        assert not waiting.done()
        processes.server(store, port=port)
        run(client.search(search.id))
        assert waiting.result().answer.state is SearchState.COMPLETED


def test_a_notebook_shows_it_as_escaped_html_without_javascript(client: Client) -> None:
    spec = toy_spec(name=HOSTILE, trials=2)
    spec = {**spec, "space": {"x": {"low": 0.0, "high": 1.0}, "kind": {"values": [HOSTILE]}}}
    search = run(client.submit(spec))

    drawn = search._repr_html_() + search.leaderboard()._repr_html_()

    assert "<script" not in drawn
    assert drawn.count("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27;") == 5
    assert '<progress value="2" max="2"' in drawn
    assert "<th>loss</th><th>trial</th><th>x</th>" in drawn


def test_a_notebook_shows_what_was_last_known_when_the_server_is_gone(tmp_path: Path, processes: Processes) -> None:
    server = processes.server(f"sqlite:///{tmp_path / 'caviar.db'}")
    with Client(server.url, patience=0) as client:
        search = client.submit(toy_spec(name="kept"))
        server.process.terminate()
        server.process.wait(20)

        assert "<b>kept</b>" in search._repr_html_()
        assert "no Caviar server answers" in search._repr_html_()


def test_pandas_is_asked_for_by_name_where_it_is_missing(done: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="to_pandas needs pandas, which is not installed: pip install pandas"):
        done.to_pandas()


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is optional and not installed")
def test_a_data_frame_has_a_row_for_each_ranked_trial(done: Search) -> None:
    frame: Any = done.to_pandas()

    assert list(frame.index) == list(range(1, 13))
    assert list(frame["value"]) == sorted(frame["hyperparameters.x"])
    assert list(frame.columns[:3]) == ["number", "id", "state"]


def test_a_client_without_a_url_takes_the_one_of_the_settings(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAVIAR_URL", client.url)
    with Client() as same:
        assert (same.url, same.ready().status) == (client.url, "ok")
    monkeypatch.delenv("CAVIAR_URL")
    with Client() as default:
        assert default.url == "http://127.0.0.1:8000"
