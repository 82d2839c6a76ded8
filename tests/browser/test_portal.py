"""The five-minute path: sign in, make a key, copy a line, call, see the verdict."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from hashservice.database import OWNER, RUNTIME
from tenants.memberships import add_member
from tenants.models import Role
from tests.cast import NARRATOR
from tests.matching.lists import make_active, make_list
from tests.pictures import as_bytes, render_picture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER]),
]
PASSWORD = "correct horse battery staple"


@pytest.fixture
def picture(curator: User, second_curator: User) -> bytes:
    """A picture that a test list knows."""
    data = as_bytes(render_picture(1), "JPEG", quality=92)
    make_active(make_list("trial", kind="test"), data, by=curator, approver=second_curator)
    return data


@pytest.fixture
def ada(acme, fast_passwords: None) -> User:
    user = User.objects.create_user("ada", password=PASSWORD)
    add_member(user=user, tenant=acme.tenant, role=Role.OWNER, actor=NARRATOR)
    return user


def call(url: str, secret: str, data: bytes) -> str:
    """What the curl line on the page does."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "image/jpeg"}
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.request("POST", "/v1/match", data, headers)
        with connection.getresponse() as answer:
            return json.load(answer)["verdict"]


def test_five_minute_path(page: Page, live_server, ada, picture):
    page.goto("/portal/")
    page.get_by_label("Login").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Make a test key").click()
    secret = page.locator("#secret").inner_text()
    assert secret in page.locator("#curl").inner_text()
    assert f"{live_server.url}/v1/match" in page.locator("#curl").inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator('[data-copy="#curl"]').click()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#curl").inner_text()

    assert call(live_server.url, secret, picture) == "match"
    expect(page.locator(".verdict-match")).to_be_visible()

    page.get_by_role("link", name="Try it").first.click()
    upload = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture}
    page.locator("[name=image]").set_input_files(upload)
    page.get_by_role("button", name="Check the picture").click()
    expect(page.locator(".verdict-match")).to_be_visible()
    page.get_by_role("link", name="Submissions").click()
    expect(page.locator("tbody tr")).to_have_count(2)
