"""/metrics of real servers, read as Prometheus does."""

import time
from threading import Thread

from prometheus_client.parser import text_string_to_metric_families

from caviar.processes import stop
from tests.postgres import Postgres
from tests.processes import Processes
from tests.service.api.calls import Api


def value(api: Api, name: str, **labels: str) -> float | None:
    """The sample with these labels, and perhaps more; their sum where there are several."""
    text = api.ask("GET", "/metrics").text
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


def requests(api: Api, route: str, **labels: str) -> float:
    return value(api, "caviar_request_seconds_count", route=route, **labels) or 0.0


def test_the_answer_is_prometheus_text(api: Api) -> None:
    answer = api.ask("GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE caviar_request_seconds histogram" in answer.text


def test_the_queue_is_as_deep_as_its_searches_say(api: Api) -> None:
    search = api.submit(trials=5, parallel=4)
    trainer = api.search(search)["spec"]["trainer"]
    assert value(api, "caviar_live_workers", trainer=trainer) == 0

    api.claim(search, capacity=3)

    assert value(api, "caviar_queued_trials", trainer=trainer) == 1
    assert value(api, "caviar_running_trials", trainer=trainer) == 3
    assert value(api, "caviar_live_workers", trainer=trainer) == 1
    assert value(api, "caviar_database_up") == 1


def test_trials_of_a_paused_search_wait_for_nobody(api: Api) -> None:
    search = api.submit(trials=5, parallel=4)
    trainer = api.search(search)["spec"]["trainer"]
    paused = value(api, "caviar_open_searches", state="paused") or 0
    api.claim(search, capacity=1)

    api.ask("PATCH", f"/v1/searches/{search}", json={"state": "paused"})

    assert value(api, "caviar_queued_trials", trainer=trainer) == 0
    assert value(api, "caviar_running_trials", trainer=trainer) == 1
    assert value(api, "caviar_open_searches", state="paused") == paused + 1


def test_requests_are_timed_by_the_template_of_their_route(sqlite_api: Api) -> None:
    api = sqlite_api
    route, search = "/v1/searches/{search}", api.submit()
    before = requests(api, route, method="GET", status="2xx")
    api.search(search)
    api.search(search)
    assert requests(api, route, method="GET", status="2xx") == before + 2
    missing = requests(api, route, method="GET", status="4xx")
    api.refused("GET", "/v1/searches/999999", 404, "not_found")
    assert requests(api, route, method="GET", status="4xx") == missing + 1


def test_invented_paths_and_methods_share_one_series(sqlite_api: Api) -> None:
    api = sqlite_api
    before = requests(api, "other")
    api.ask("GET", "/v1/invented-1", 404)
    api.ask("GET", "/v1/invented-2", 404)
    assert requests(api, "other") == before + 2
    api.ask("MKCOL", "/healthz", 405)
    assert "invented" not in api.ask("GET", "/metrics").text
    assert "MKCOL" not in api.ask("GET", "/metrics").text


def test_what_a_request_waits_for_is_not_its_duration(sqlite_api: Api) -> None:
    api = sqlite_api
    route, search = "/v1/searches/{search}/leaderboard", api.finished([0.5])
    etag = api.ask("GET", f"/v1/searches/{search}/leaderboard").headers["etag"]
    before = value(api, "caviar_request_seconds_sum", route=route) or 0.0
    headers = {"If-None-Match": etag, "Prefer": "wait=1.5"}

    def wait() -> None:
        with Api(api.url) as other:
            other.ask("GET", f"/v1/searches/{search}/leaderboard", 304, headers=headers)

    start, held = time.monotonic(), 0.0
    waiter = Thread(target=wait)
    waiter.start()
    while waiter.is_alive():
        held = max(held, value(api, "caviar_waiting_requests") or 0.0)
    assert time.monotonic() - start >= 1.5
    assert held == 1
    assert value(api, "caviar_waiting_requests") == 0
    assert (value(api, "caviar_request_seconds_sum", route=route) or 0.0) - before < 0.75


def test_turns_leave_their_time(sqlite_api: Api) -> None:
    deadline = time.monotonic() + 10
    while not value(sqlite_api, "caviar_turns_total", outcome="ok"):
        assert time.monotonic() < deadline
    swept_at = value(sqlite_api, "caviar_swept_timestamp_seconds") or 0.0
    assert time.time() - 60 < swept_at <= time.time()


def test_a_server_without_its_database_still_tells_its_metrics(processes: Processes, postgres: Postgres) -> None:
    with postgres.database() as name:
        server = processes.server(postgres.url(name))
        with Api(server.url) as api:
            assert value(api, "caviar_database_up") == 1
            postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

            assert value(api, "caviar_database_up") == 0
            assert value(api, "caviar_open_searches") is None
            assert (value(api, "caviar_process_resident_memory_bytes") or 0) > 0
        stop([server.process])
        server.log.write_text("")  # that its turns failed meanwhile is told there with tracebacks
