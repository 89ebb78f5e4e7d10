"""A real Chromium before a real server. Whatever a page did wrong on its way fails the test that opened it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.tab import FLAGS, Tab, chromium
from tests.processes import Processes, running_processes
from tests.service.api.calls import Api


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """The processes that all tests of this folder share."""
    with running_processes(tmp_path_factory.mktemp("browser")) as processes:
        yield processes


@pytest.fixture(scope="session")
def api(rig: Processes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    store: Path = tmp_path_factory.mktemp("store") / "caviar.db"
    with Api(rig.server(f"sqlite:///{store}").url) as api:
        yield api


@pytest.fixture
def tab(browser: Browser, api: Api) -> Iterator[Tab]:
    with Tab(browser, api.url) as opened:
        yield opened
