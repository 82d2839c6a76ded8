"""A real browser at a real server; every page must load without a complaint."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from django.db import connections
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright

from hashservice.database import RUNTIME

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Complaints:
    """What the browser's console said, and what was asked of anybody else."""

    def __init__(self, page: Page, home: str) -> None:
        self.heard: list[str] = []
        self._home = home
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.heard.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self._home, "data:")):
            self.heard.append(f"asked for {request.url}")


@pytest.fixture
def page(live_server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A page of a headless Chromium; the test fails if it complains of anything."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    # Playwright keeps an event loop in this thread, in which Django would refuse to work.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    # The server's threads leave no connection behind that would hold the database up at the end.
    monkeypatch.setitem(connections[RUNTIME].settings_dict, "CONN_MAX_AGE", 0)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=live_server.url)
        context.set_default_timeout(30_000)
        page = context.new_page()
        complaints = Complaints(page, live_server.url)
        yield page
        browser.close()
        connections.close_all()  # under Playwright's loop this thread has connections of its own
    assert complaints.heard == []
