"""Every route there is, asked: each answer has its one audit event. Generated from the URL conf.

Of the API whoever holds a key asks; of portal, admin and accounts a person who has signed in.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from django.urls import URLPattern, get_resolver

from hashservice.middleware import PAGES, UNAUDITED, is_api
from tenants.keys import SCOPES
from tenants.memberships import add_member
from tenants.models import AuditEvent, Role
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "patch", "delete")
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
NUMBERS = {"object_id", "content_type_id", "member", "invitation", "pk", "request_id", "number"}


def addresses() -> list[str]:
    """An address for every route, what its arguments name made up."""
    return sorted({made_up(route) for route in routes(get_resolver().url_patterns, "/")})


def routes(patterns: Any, prefix: str) -> list[str]:
    found = []
    for each in patterns:
        path = prefix + str(each.pattern)
        found += [path] if isinstance(each, URLPattern) else routes(each.url_patterns, path)
    return found


def made_up(route: str) -> str:
    """`route` as a path: of regular expressions each class of letters stands for its first."""
    path = re.sub(r"\(\?P<\w+>[^)]*\)", "1", route)
    path = ARGUMENT.sub(lambda found: "1" if found[1] in NUMBERS else "acme", path)
    path = re.sub(r"\[(\w)[^\]]*\]", r"\1", path)
    return re.sub(r"[\^$]|/\?|\\Z|\\", "", path)


API = [path for path in addresses() if is_api(path) and path not in UNAUDITED]
SEEN_BY_PEOPLE = [path for path in addresses() if path.startswith(PAGES)]
# The admin's forms come back as the pages that they are.
ASKED = [("get", path) for path in SEEN_BY_PEOPLE]
ASKED += [("post", path) for path in SEEN_BY_PEOPLE if not path.startswith("/admin/")]


def events_of(answer: Any) -> int:
    return AuditEvent.objects.filter(request_id=answer["X-Request-Id"]).count()


def test_walk_meets_every_part_of_the_service():
    assert {"/v1/match", "/m/lookup", "/v1/media"} <= set(API)
    assert any("photodna" in path for path in API)
    assert {"/portal/acme/team", "/admin/", "/accounts/login/"} <= set(SEEN_BY_PEOPLE)
    assert not [path for path in API + SEEN_BY_PEOPLE if set(path) & set("<>()[]^$?\\")]


def test_every_answer_of_the_api_is_one_event(acme):
    key = acme.issue(scopes=list(SCOPES)).secret
    events = {}
    for path in API:  # a client of its own for each: of a flood by nobody only the first are told
        client = Client(headers={"Authorization": f"Bearer {key}"})
        for method in METHODS:
            events[method, path] = events_of(getattr(client, method)(path))

    assert [call for call, count in events.items() if count != 1] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_page_somebody_asks_for_is_one_event(acme):
    person = User.objects.create_superuser("root")
    add_member(user=person, tenant=acme.tenant, role=Role.OWNER, actor=NARRATOR)
    client, events = Client(), {}
    for method, path in ASKED:
        if "_auth_user_id" not in client.session:  # one of the pages signs out
            client.force_login(person)
        events[method, path] = events_of(getattr(client, method)(path))

    assert [call for call, count in events.items() if count != 1] == []


def test_pages_of_a_tenant_stand_in_its_own_log(acme, client):
    person = User.objects.create_user("ada")
    add_member(user=person, tenant=acme.tenant, role=Role.OWNER, actor=NARRATOR)
    client.force_login(person)
    client.get("/portal/acme/settings")

    event = AuditEvent.objects.latest("pk")
    assert (event.tenant, event.actor_id, event.action) == (acme.tenant, "ada", "request.served")
    assert event.target == "/portal/acme/settings"


def test_links_that_are_secrets_are_not_logged(acme, client):
    client.force_login(User.objects.create_user("ada"))
    client.get("/portal/join/a-secret-link")

    assert "a-secret" not in AuditEvent.objects.latest("pk").target


def test_page_whose_event_can_not_be_written_is_not_shown(acme, client, monkeypatch):
    def refuse(**_: Any) -> None:
        raise DatabaseError

    client.force_login(User.objects.create_superuser("root"))
    monkeypatch.setattr("hashservice.middleware.record", refuse)

    assert client.get("/admin/password_change/").status_code == 503
