"""/healthz, /readyz, and the page that documents the interface."""

import re
from pathlib import Path

from caviar import __version__
from caviar.processes import stop
from tests.postgres import Postgres
from tests.processes import Processes
from tests.service.api.calls import Api


def test_a_server_says_that_it_lives_and_is_ready(api: Api) -> None:
    for path in ("/healthz", "/readyz"):
        assert api.get(path) == {"status": "ok", "version": __version__}


def test_a_server_without_its_database_lives_but_is_not_ready(processes: Processes, postgres: Postgres) -> None:
    with postgres.database() as name:
        server = processes.server(postgres.url(name))
        with Api(server.url) as api:
            api.get("/readyz")
            postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

            api.get("/healthz")
            problem = api.refused("GET", "/readyz", 503, "unavailable")
            assert "the database does not answer" in problem["detail"]
            assert api.ask("POST", "/v1/searches", 503, json=api.spec()).headers["retry-after"] == "1"

            postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            api.get("/readyz")
        stop([server.process])
        server.log.write_text("")  # that its turns failed meanwhile is told there with tracebacks


def test_the_documentation_needs_no_other_server(sqlite_api: Api) -> None:
    page = sqlite_api.ask("GET", "/docs").text

    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", page) == []
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert any(asset.endswith("swagger-ui-bundle.js") for asset in assets)
    assert any(asset.endswith("swagger-ui.css") for asset in assets)
    for asset in assets:
        assert len(sqlite_api.ask("GET", asset).content) > 100
    assert "/v1/searches" in sqlite_api.get("/openapi.json")["paths"]


def test_the_server_describes_itself_as_the_release_does(sqlite_api: Api) -> None:
    served = sqlite_api.ask("GET", "/openapi.json").json()
    assert served["info"]["title"] == "Caviar"
    assert served["info"]["version"] == __version__
    assert Path(__file__).parents[3].joinpath("openapi.json").exists()
