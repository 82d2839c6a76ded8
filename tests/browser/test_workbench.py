"""The curators' day in a browser: import, approve, publish, stop."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connections
from playwright.sync_api import Page, expect

from hashservice.database import OWNER, RUNTIME
from matching.curation import add_entry
from matching.importers import queue, reading
from matching.models import EntryState, HashEntry, HashList, ListState, ListsVersion
from tenants.acting import SERVICE, acting_as
from tests.browser.conftest import sign_in
from tests.matching.admin import rows
from tests.matching.lists import draft_of, make_list
from tests.pictures import as_bytes, render_picture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER]),
]
ROWS = 12_000


@pytest.fixture
def desk(new_page: Callable[[], Page], curator: User) -> Page:
    page = new_page()
    sign_in(page, curator)
    return page


@pytest.fixture
def second_desk(new_page: Callable[[], Page], second_curator: User) -> Page:
    page = new_page()
    sign_in(page, second_curator)
    return page


@pytest.fixture
def iwf(db: None) -> HashList:
    return make_list("iwf")


@pytest.fixture
def delivery(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of digests where curators may take it from, to be read in many small lots."""
    settings.IMPORT_DIR = tmp_path / "imports"
    settings.IMPORT_MOUNT_DIR = tmp_path / "deliveries"
    monkeypatch.setattr(reading, "LOT", 1_000)
    path = tmp_path / "deliveries" / "june.txt"
    path.parent.mkdir()
    path.write_text("".join(f"sha256 {_digest(number)}\n" for number in range(ROWS)))
    return path


def _digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def work() -> None:
    """What a worker does when the bell rings."""
    with acting_as(SERVICE):
        run = queue.claim()
        if run is not None:
            queue.carry_out(run)
    connections.close_all()


@contextmanager
def slowly_read(path: Path, share: float) -> Iterator[None]:
    """A worker at work on `path`, which gives out `share` of its bytes, the rest at the end."""
    data = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    cut = int(len(data) * share)
    try:
        with path.open("wb") as pipe:
            pipe.write(data[:cut])
            pipe.flush()
            yield
            pipe.write(data[cut:])
    finally:
        worker.join(60)
        path.unlink()
        path.write_bytes(data)
    assert not worker.is_alive()


def confirm(page: Page, act: str, reason: str) -> None:
    """Answer the page that asks."""
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=act).click()


def test_an_import_shows_how_far_it_is_and_takes_two_people(
    desk: Page, second_desk: Page, iwf: HashList, delivery: Path
):
    desk.goto(rows.page("importrun", "add"))
    desk.get_by_label("List").select_option("iwf")
    desk.get_by_label("Format").select_option("signals")
    desk.get_by_label("Or a mounted file").select_option("june.txt")
    desk.get_by_role("button", name="Compare").click()
    bar = desk.get_by_role("progressbar")
    expect(desk.get_by_text("Waits for a worker: 0 %")).to_be_visible()

    with slowly_read(delivery, 0.7):
        expect(desk.get_by_text(re.compile(r"Comparing: [3-9]\d %"))).to_be_visible()
        assert 30 <= int(bar.get_attribute("value") or 0) < 100
    expect(desk.get_by_text("Nothing has been changed yet")).to_be_visible()
    expect(desk.locator(".import-diff tbody tr")).to_have_count(50)

    desk.get_by_role("button", name="Import").click()
    expect(bar).to_be_visible()
    work()
    expect(desk.get_by_text("somebody else has to approve it")).to_be_visible()
    expect(desk.get_by_role("button", name="Approve all its entries")).to_be_disabled()

    second_desk.goto(desk.url)
    second_desk.get_by_label("Reason").fill("looked at")
    second_desk.get_by_role("button", name="Approve all its entries").click()
    expect(second_desk.get_by_text("The entries are in force.")).to_be_visible()
    assert HashEntry.objects.filter(state=EntryState.ACTIVE).count() == ROWS


def test_entries_are_approved_by_somebody_else(
    desk: Page, second_desk: Page, iwf: HashList, curator: User
):
    entries = rows.add(iwf, 3, by=curator)
    waiting = rows.page("hashentry") + "?state__exact=pending"
    desk.goto(rows.page("hashentry", "change", entries[0].pk))
    expect(desk.get_by_role("button", name="Approve")).to_be_disabled()

    second_desk.goto(waiting)
    second_desk.locator("#action-toggle").check()
    second_desk.locator("select[name=action]").select_option("approve")
    second_desk.get_by_role("button", name="Go").click()
    expect(
        second_desk.get_by_role("heading", name="match as soon as their list is active: 3 entries")
    ).to_be_visible()
    confirm(second_desk, "Approve 3", "compared with the delivery")
    expect(second_desk.get_by_text("3 hash entries approved.")).to_be_visible()
    assert {entry.state for entry in HashEntry.objects.all()} == {EntryState.ACTIVE}


def test_two_curators_publish_a_list(desk: Page, second_desk: Page, curator, second_curator):
    own = make_list("own", state="draft")
    [entry] = rows.add(own, 1, by=second_curator)
    desk.goto(rows.page("hashentry", "change", entry.pk))
    desk.get_by_role("button", name="Approve").click()
    confirm(desk, "Approve 1", "right")

    for act, button in (("Submit", "Submit 1"), ("Propose to activate", "Propose to activate 1")):
        desk.goto(rows.page("hashlist", "change", own.pk))
        desk.get_by_role("button", name=act).click()
        confirm(desk, button, "ready")
    own.refresh_from_db()
    assert own.state == ListState.QUARANTINE

    for page in (desk, second_desk):
        page.goto("/admin/")
        page.get_by_role("link", name="1 proposals wait").click()
        page.locator("#result_list").get_by_role("link").first.click()
    expect(desk.get_by_role("button", name="Approve")).to_be_disabled()
    second_desk.get_by_role("button", name="Approve").click()
    expect(second_desk.get_by_text("Match from then on: 1 entry")).to_be_visible()
    confirm(second_desk, "Approve 1", "looked through")
    own.refresh_from_db()
    assert own.state == ListState.ACTIVE


def test_one_curator_stops_everything_and_two_start_it(
    desk: Page, second_desk: Page, live_server, acme, iwf: HashList, curator, second_curator
):
    picture = as_bytes(render_picture(1), "JPEG", quality=92)
    entry = add_entry(hash_list=iwf, draft=draft_of(picture), actor=curator)
    second_desk.goto(rows.page("hashentry", "change", entry.pk))
    second_desk.get_by_role("button", name="Approve").click()
    confirm(second_desk, "Approve 1", "right")
    assert verdict(live_server.url, acme.secret, picture) == (200, "match")

    desk.goto("/admin/")
    desk.get_by_role("link", name="Kill switches").click()
    turn(desk, "all", "a delivery went wrong")
    expect(desk.get_by_text("all is stopped, from the next request on.")).to_be_visible()
    assert verdict(live_server.url, acme.secret, picture) == (503, "matching_stopped")

    turn(desk, "all", "found and mended")
    assert ListsVersion.objects.get().stopped == ["all"]
    second_desk.goto(rows.page("decision") + "?state__exact=open")
    second_desk.locator("#result_list").get_by_role("link").first.click()
    second_desk.get_by_role("button", name="Approve").click()
    confirm(second_desk, "Approve 1", "yes")
    expect(second_desk.get_by_text("1 decision approved.")).to_be_visible()
    assert verdict(live_server.url, acme.secret, picture) == (200, "match")


def turn(page: Page, signal: str, reason: str) -> None:
    """Use the switch of a signal type."""
    page.get_by_label("Signal type").select_option(signal)
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Stop, or propose to start").click()


def verdict(url: str, secret: str, data: bytes) -> tuple[int, str]:
    """Status, and verdict or code, of a picture that a tenant asks about."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "image/jpeg"}
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.request("POST", "/v1/match", data, headers)
        with connection.getresponse() as answer:
            told = json.load(answer)
            return answer.status, told.get("verdict") or told["code"]
