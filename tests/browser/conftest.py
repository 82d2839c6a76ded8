"""A real browser at a real server; every page must load without a complaint.

Where there is no Chromium these tests are skipped; on CI, which installs one, they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connections
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from hashservice.database import RUNTIME

SECONDS = 30.0  # a busy machine is no failure
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "a long password"  # of the cast's curators


class Complaints:
    """What the browser's console said, and what was asked of anybody else."""

    def __init__(self, home: str) -> None:
        self.heard: list[str] = []
        self._home = home

    def listen(self, page: Page) -> None:
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
def new_page(live_server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Page]]:
    """Pages of a headless Chromium, each with cookies of its own.

    The test fails if one of them complains of anything.
    """
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no Chromium here")
    # Playwright keeps an event loop in this thread, in which Django would refuse to work.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    # The server's threads leave no connection behind that would hold the database up at the end.
    monkeypatch.setitem(connections[RUNTIME].settings_dict, "CONN_MAX_AGE", 0)
    expect.set_options(timeout=SECONDS * 1_000)
    complaints = Complaints(live_server.url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield lambda: _page_of(browser, live_server.url, complaints)
        browser.close()
        connections.close_all()  # under Playwright's loop this thread has connections of its own
    assert complaints.heard == []


def _page_of(browser: Browser, home: str, complaints: Complaints) -> Page:
    context = browser.new_context(base_url=home)
    context.set_default_timeout(SECONDS * 1_000)
    page = context.new_page()
    complaints.listen(page)
    return page


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    """One of them."""
    return new_page()


def sign_in(page: Page, user: User | str) -> None:
    """Up to the second factor, where one is asked for."""
    page.goto("/admin/")
    page.get_by_label("Login").fill(str(user))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
