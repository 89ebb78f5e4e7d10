"""A server that keeps reports for less than a second."""

import time

from tests.processes import Processes
from tests.service.api.calls import Api


def test_reports_go_and_the_leaderboard_stays(store_url: str, processes: Processes) -> None:
    server = processes.server(store_url, CAVIAR_REPORT_RETENTION_DAYS="0.00001", CAVIAR_LEASE_TTL_SECONDS="2")
    with Api(server.url) as api:
        search = api.submit(trials=2, parallel=2)
        done, running = api.claim(search)
        for trial in (done, running):
            assert api.report(trial, step=1, metrics={"loss": 0.5})["status"] == "ok"
        assert api.finish(done, metrics={"loss": 0.25, "other": 1.0})["status"] == "ok"

        deadline = time.monotonic() + 20
        while api.get(f"/v1/trials/{done['id']}/reports")["items"]:
            assert api.report(running, step=1, metrics={"loss": 0.5})["status"] == "ok"
            assert time.monotonic() < deadline
            time.sleep(0.1)

        assert len(api.get(f"/v1/trials/{running['id']}/reports")["items"]) == 1
        (row,) = api.get(f"/v1/searches/{search}/leaderboard")["items"]
        assert (row["value"], row["metrics"]) == (0.25, {"loss": 0.25, "other": 1.0})
