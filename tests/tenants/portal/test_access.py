"""Who gets to see which page: by role, by tenant, signed in or not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern

from hashservice.portal import NAVIGATION, entries_for, urlpatterns
from tenants.memberships import PERMISSIONS, Permission
from tenants.models import Role, Tenant

pytestmark = pytest.mark.django_db
OF_A_TENANT = "<slug:tenant>/"
MADE_UP = {
    "key_id": "0" * 12,
    "match_id": f"mat_{'0' * 22}",
    "member": "1",
    "invitation": "1",
    "webhook_id": f"whe_{'0' * 22}",
    "batch_id": f"bat_{'0' * 22}",
    "fixture": "unknown",
    "report_id": f"rep_{'0' * 22}",
    "hold_id": f"hld_{'0' * 22}",
    "proposal_id": f"pro_{'0' * 22}",
    "delivery_id": f"whd_{'0' * 22}",
}

PAGES: list[URLPattern] = [
    route
    for route in urlpatterns
    if isinstance(route, URLPattern) and str(route.pattern).startswith(OF_A_TENANT)
]
CALLS = [
    pytest.param(page, method, id=f"{page.name}-{method}")
    for page in PAGES
    for method in ("get", "post")
    if hasattr(page.callback.view_class, method)
]


def address(page: URLPattern, slug: str) -> str:
    path = "/portal/" + str(page.pattern).replace("<slug:tenant>", slug)
    for name, value in MADE_UP.items():
        path = path.replace(f"<str:{name}>", value).replace(f"<int:{name}>", value)
    assert "<" not in path, "a route has an argument that MADE_UP does not know"
    return path


def ask(client: Any, page: URLPattern, method: str, slug: str = "acme") -> Any:
    return getattr(client, method)(address(page, slug))


@pytest.mark.parametrize(("page", "method"), CALLS)
def test_who_has_not_signed_in_is_sent_to_the_door(client, acme, page, method):
    answer = ask(client, page, method)

    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")


@pytest.mark.parametrize(("page", "method"), CALLS)
def test_rival_sees_the_same_404_as_for_no_tenant_at_all(stranger, acme, page, method):
    answers = [ask(stranger, page, method, slug) for slug in ("acme", "nobody-is-called-so")]
    faces = [re.sub(rb'(csrf.*?value=)"\w+"', rb"\1", answer.content) for answer in answers]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert faces[0] == faces[1]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("page", "method"), CALLS)
def test_role_decides(acme, visit, role, page, method):
    answer = ask(visit(acme, role), page, method)
    permitted = page.callback.view_class.permission in PERMISSIONS[role]

    assert (answer.status_code == 403) != permitted or answer.status_code == 404


@pytest.mark.parametrize("role", Role)
def test_navigation_leads_only_where_the_role_may_go(acme, visit, role):
    client = visit(acme, role)
    page = client.get("/portal/acme/").content.decode()
    shown = [entry.label for entry in NAVIGATION if f">{entry.label}</a>" in page]

    assert shown == [entry.label for entry in entries_for(role)]


def test_matrix_is_as_documented():
    assert PERMISSIONS[Role.OWNER] == frozenset(Permission)
    assert Permission.TEAM not in PERMISSIONS[Role.DEVELOPER] | PERMISSIONS[Role.COMPLIANCE]
    assert Permission.AUDIT not in PERMISSIONS[Role.DEVELOPER]
    assert Permission.KEYS not in PERMISSIONS[Role.COMPLIANCE]


def test_member_of_one_tenant_goes_straight_there(owner, acme):
    assert owner.get("/portal/").url == "/portal/acme/"


def test_person_without_a_team_is_told_so(client, db):
    client.force_login(User.objects.create_user("ada"))

    assert "no team" in client.get("/portal/").content.decode()


def test_inactive_tenant_is_closed(owner, acme):
    Tenant.objects.filter(pk=acme.tenant.pk).update(is_active=False)

    assert owner.get("/portal/acme/").status_code == 404


def test_page_shows_only_the_tenants_rows_without_filters(owner, acme, rival, monkeypatch):
    everything = type(acme.key).objects.all().order_by("-pk")
    monkeypatch.setattr("tenants.keys.keys_of", lambda **_: everything.all())
    page = owner.get("/portal/acme/keys").content.decode()

    assert acme.key.key_id in page
    assert rival.key.key_id not in page
