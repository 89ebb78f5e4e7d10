"""A tab of the browser that watches itself: refused by the policy, thrown, asked of another machine, or a dialog."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

CHARTS = ("zoom", "history", "importances", "slice", "contour", "curves", "bias_variance", "timeline")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """The system's. Fails where there is none: a browser test that does not run proves nothing."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "there is no chromium on the path; make test-browser installs it where it may, else install it first"
    return found


def audit(name: str) -> str:
    """A script that looks at the page."""
    return (Path(__file__).parent / "audits" / f"{name}.js").read_text()


class Tab:
    """A fresh profile each. `expects_failures`: the test takes the server away, so failed requests are no news."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.url = url
        self.expects_failures = False
        self.answers_dialogs = False
        self._context = browser.new_context(**context)
        self._context.add_init_script(audit("listen"))
        self.page: Page = self._context.new_page()
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(f"thrown: {error}"))
        self.page.on("console", self._hear)
        self.page.on("dialog", self._answer)
        self.page.on("request", self._look_at)
        self.page.set_default_timeout(15_000)

    def _hear(self, said: ConsoleMessage) -> None:
        is_news = not (self.expects_failures and "Failed to load resource" in said.text)
        if said.type == "error" and is_news:
            self.wrong.append(f"console: {said.text}")

    def _answer(self, dialog: Dialog) -> None:
        if self.answers_dialogs:
            dialog.accept()
        else:
            self.wrong.append(f"dialog: {dialog.message}")
            dialog.dismiss()

    def _look_at(self, request: Request) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.wrong.append(f"asked another machine: {request.url}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        violations = [] if self.page.is_closed() else self.page.evaluate("window.violations")
        self._context.close()
        if kind is None:
            assert violations == [], violations
            assert self.wrong == [], self.wrong

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def text(self, selector: str = "main") -> str:
        return " ".join(self.page.inner_text(selector).split())

    def is_marked(self, state: str, *, seconds: float = 15) -> None:
        self.page.wait_for_selector(f'#mark[data-is="{state}"]', timeout=seconds * 1000)

    def says(self, selector: str, words: str) -> bool:
        return words in self.text(selector)

    def drawn(self, chart: str) -> None:
        """Scrolled to, fetched and drawn."""
        place = f'[data-chart="{chart}"]'
        self.page.locator(place).scroll_into_view_if_needed()
        self.page.wait_for_selector(f"{place} .plot .main-svg")

    def figure(self, chart: str) -> dict[str, Any]:
        """What Plotly has drawn."""
        found: dict[str, Any] = self.page.evaluate(audit("figure"), chart)
        return found


def within(seconds: float, holds: Callable[[], bool]) -> float:
    """After how many seconds it held. Raises when it did not in time."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - began
