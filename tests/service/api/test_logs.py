"""What a server's log says of a request that it failed on: once, as JSON, and nothing that was secret."""

import json
from typing import Any

from caviar.processes import stop
from tests.postgres import Postgres
from tests.processes import Processes, Server
from tests.service.api.calls import Api


def lines(server: Server) -> list[dict[str, Any]]:
    """Every line is JSON, or this fails."""
    return [json.loads(line) for line in server.said().splitlines()]


def fail(api: Api, postgres: Postgres, name: str) -> None:
    """Take away a table that the server needs, which no request could, and ask for what stood in it."""
    import psycopg

    with psycopg.connect(host=str(postgres.socket_folder), user="postgres", dbname=name, autocommit=True) as connection:
        connection.execute("ALTER TABLE round RENAME TO elsewhere")
    api.refused("GET", "/v1/searches/1/rounds", 500, "server_fault", params={"limit": "7"})


def test_a_fault_is_logged_once_with_what_it_is_about(processes: Processes, postgres: Postgres) -> None:
    with postgres.database() as name:
        server = processes.server(postgres.url(name), CAVIAR_LOG_FORMAT="json")
        with Api(server.url) as api:
            api.submit(trials=1, parallel=1)
            fail(api, postgres, name)
            fault = 'caviar_request_seconds_count{method="GET",route="/v1/searches/{search}/rounds",status="5xx"} 1.0'
            assert fault in api.ask("GET", "/metrics").text
        stop([server.process])

        assert "limit=7" not in server.said()
        told = [line for line in lines(server) if "UndefinedTable" in line.get("exception", "")]
        ours = [line for line in told if line["logger"] != "caviar.service"]  # turns of the server fail as well
        server.log.write_text("")
    (line,) = ours
    assert (line["level"], line["logger"], line["search"]) == ("error", "caviar.api", "1")
    assert line["request"] == "GET /v1/searches/1/rounds"
    assert line["message"] == "GET /v1/searches/1/rounds failed"


def test_all_that_a_server_says_is_json(processes: Processes, tmp_path: Any) -> None:
    server = processes.server(f"sqlite:///{tmp_path / 'caviar.db'}", CAVIAR_LOG_FORMAT="json")
    worker = processes.worker(server.url, CAVIAR_LOG_FORMAT="json")
    stop([worker.process])
    stop([server.process])
    said = [json.loads(line) for line in worker.said().splitlines()]
    assert [line["message"].split()[0] for line in said] == ["worker", "draining:"]
    assert {line["worker"] for line in said} == {"worker-0"}
    assert {line["logger"] for line in said} == {"caviar.worker"}
    assert lines(server) == []  # its URL went to stdout
