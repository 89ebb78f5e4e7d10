"""What docs/operating.md says of metrics is all there is, and its alerts watch what exists."""

import re

import pytest
import yaml
from anyio.from_thread import start_blocking_portal
from prometheus_client.parser import text_string_to_metric_families

from caviar.settings import Settings
from service.changes import Changes
from service.clock import Clock
from service.context import Service
from service.gauges import Gauges
from service.storage.database import Database
from tests.house.tree import ROOT

PAGE = (ROOT / "docs/operating.md").read_text()
ROW = re.compile(r"^\| (`caviar_.+?) \|", re.MULTILINE)
NAME = re.compile(r"\bcaviar_[a-z_]+")


@pytest.fixture
def families(sqlite_store_url: str) -> dict[str, str]:
    """Every metric that a server tells, with its type."""
    with start_blocking_portal() as portal:
        database = Database(sqlite_store_url)
        service = Service(Settings(), database, Clock(), portal.call(Changes))
        service.metrics.watch(Gauges(service))
        text = service.metrics.exposition().decode()
        database.close()
    return {
        family.name + ("_total" if family.type == "counter" else ""): family.type
        for family in text_string_to_metric_families(text)
    }


def test_the_table_of_metrics_is_complete(families: dict[str, str]) -> None:
    documented = {name for row in ROW.findall(PAGE) for name in NAME.findall(row)}
    assert documented == set(families)


def test_alerts_watch_metrics_that_exist(families: dict[str, str]) -> None:
    (text,) = re.findall(r"```yaml\n(groups:.*?)```", PAGE, re.DOTALL)
    (group,) = yaml.safe_load(text)["groups"]
    parts = {f"{name}{end}" for name, kind in families.items() if kind == "histogram" for end in ("_bucket", "_count")}
    watched = {name for rule in group["rules"] for name in NAME.findall(rule["expr"])}
    assert watched <= set(families) | parts
    assert all(set(rule) <= {"alert", "expr", "for"} for rule in group["rules"])
