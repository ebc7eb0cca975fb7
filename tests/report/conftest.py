"""A real browser for the HTML report, and what it complains about."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request, Route, sync_playwright

from rbac_audit.audit.report import Report
from rbac_audit.report import html

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Scheme = Literal["light", "dark"]


@dataclass  # without slots: Playwright keeps a note on the object whose method it calls
class Opened:
    """A page with everything that must not happen on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self, file: str) -> None:
        """Write down console errors (violations of the content policy are among them), dialogs and requests."""
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._asked)
        self.page.on("request", lambda request: self._requested(request, file))

    def _asked(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _requested(self, request: Request, file: str) -> None:
        if request.url.partition("#")[0] != file:
            self.requests.append(request.url)

    def go(self, fragment: str) -> None:
        """Follow a link within the page, and wait until it is there."""
        self.page.evaluate("fragment => { location.hash = fragment }", fragment)
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Chromium; without it the tests are skipped, but never where a build decides by them."""
    try:
        path: Path = request.getfixturevalue("chromium")
    except pytest.skip.Exception as skipped:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the report must be tested in a browser: {skipped}")
        raise
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Render a report, open it as a file in a fresh context, and wait until its data is unpacked."""
    contexts: list[BrowserContext] = []

    def opened(
        report: Report,
        fragment: str = "",
        *,
        scheme: Scheme = "light",
        width: int = 1360,
        height: int = 900,
        script: bool = True,
        forced_colors: Literal["active", "none"] = "none",
        language: str = "en",
    ) -> Opened:
        file = tmp_path / f"report-{len(contexts)}.html"
        file.write_text(html.render(report, language), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=script,
            forced_colors=forced_colors,
        )
        context.route(lambda url: not url.startswith("file:"), _refuse)
        contexts.append(context)
        result = Opened(context.new_page())
        result.watch(file.as_uri())
        result.page.goto(file.as_uri() + fragment)
        if script:
            result.page.wait_for_selector("html[data-ready]")
        return result

    yield opened
    for context in contexts:
        context.close()


def _refuse(route: Route) -> None:
    route.abort()
