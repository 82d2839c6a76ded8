"""Every page keeps the content security policy: nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from matching.match import match_image
from matching.models import Match
from tests.matching.admin.rows import add, begin, page

pytestmark = pytest.mark.django_db


class Offences(HTMLParser):
    """Collects what `script-src 'self'; style-src 'self'` would block, and foreign addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(f"inline <{tag}>")
        for name, value in attrs:
            if name == "style" or re.fullmatch(r"on\w+", name):
                self.found.append(f"{name} on <{tag}>")
            if name in {"src", "href", "action"} and re.match(
                r"(\w+:)?//|javascript:", value or ""
            ):
                self.found.append(f"{name}={value}")


def offences(content: bytes) -> list[str]:
    parser = Offences()
    parser.feed(content.decode())
    return parser.found


@pytest.fixture
def match(acme, known_entry, known_picture) -> Match:
    match_image(key=acme.key, data=known_picture)
    return Match.objects.select_related("submission").get()


def test_every_page_is_strict(desk, client, match, known_entry, ncmec, second_curator):
    pending = add(ncmec, 2, by=second_curator)
    addresses = [
        reverse("admin:index"),
        *(page(model) for model in ("hashentry", "hashlist", "importrun", "match", "submission")),
        *(page(model) for model in ("snapshot", "listsversion")),
        page("hashentry", "add"),
        page("hashlist", "add"),
        page("hashentry", "change", known_entry.pk),
        page("hashlist", "change", ncmec.pk),
        page("hashlist", "export", ncmec.pk),
        page("submission", "change", match.submission.pk),
        page("match", "change", match.pk),
        reverse("admin:tenants_auditevent_changelist"),
    ]
    answers = {address: desk.get(address) for address in addresses}
    answers["sign-in"] = client.get(reverse("account_login"))
    answers["confirmation"] = begin(desk, "approve", *pending)

    assert {address: answer.status_code for address, answer in answers.items()} == dict.fromkeys(
        answers, 200
    )
    assert {
        address: found for address, answer in answers.items() if (found := offences(answer.content))
    } == {}


def test_policy_allows_nothing_inline(client, db):
    policy = client.get(reverse("account_login")).headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "script-src 'self';" in f"{policy};"


def test_forms_may_send_their_origin(client, db):
    """Under `no-referrer` a browser posts with `Origin: null`, and nobody could sign in."""
    assert client.get(reverse("account_login")).headers["Referrer-Policy"] == "same-origin"
