"""Who may do what, and that nobody may delete."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User

from matching.admin.roles import AUDITORS, MAY, grant_curators
from tenants.memberships import CURATORS
from tests.matching.admin.conftest import signed_in
from tests.matching.admin.rows import add, begin, confirm, page

pytestmark = pytest.mark.django_db

MODELS = [
    "canary",
    "shadowmatch",
    "decision",
    "exchange",
    "hashentry",
    "hashlist",
    "importrun",
    "listsversion",
    "match",
    "reviewitem",
    "snapshot",
    "submission",
]


def test_curators_have_exactly_their_permissions(curator):
    granted = {
        f"{permission.content_type.app_label}.{permission.codename}"
        for permission in Group.objects.get(name=CURATORS).permissions.select_related(
            "content_type"
        )
    }

    assert granted == {f"{label}.{name}" for label, names in MAY.items() for name in names}
    assert not any("delete" in name for name in granted)


def test_granting_takes_back_what_was_added_by_hand(curator):
    group = Group.objects.get(name=CURATORS)
    extra = group.permissions.model.objects.get(codename="delete_hashentry")
    group.permissions.add(extra)

    grant_curators(using="default")

    assert not group.permissions.contains(extra)


@pytest.mark.parametrize("model", MODELS)
def test_curator_opens_every_list(desk, model):
    assert desk.get(page(model)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_account_without_rights_opens_none(outsider_desk, model):
    assert outsider_desk.get(page(model)).status_code == 403


def test_account_without_rights_can_not_approve(outsider_desk, ncmec, curator):
    [entry] = add(ncmec, 1, by=curator)

    assert begin(outsider_desk, "approve", entry).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_nobody_deletes(rf, django_user_model, model):
    request = rf.get("/")
    request.user = django_user_model.objects.create_superuser("root")
    pages = next(
        a for m, a in admin.site._registry.items() if m._meta.label_lower == f"matching.{model}"
    )

    assert not pages.has_delete_permission(request)
    assert "delete_selected" not in pages.get_actions(request)


def test_auditor_sees_everything_and_changes_nothing(ncmec, curator, fast_passwords):
    auditor = User.objects.create_user("auditor", is_staff=True)
    auditor.groups.add(Group.objects.get(name=AUDITORS))
    desk = signed_in(auditor)
    [entry] = add(ncmec, 1, by=curator)

    assert {desk.get(page(model)).status_code for model in MODELS} == {200}
    confirm(desk, "approve", entry, expected=1)
    confirm(desk, "suspend", ncmec, expected=1, model="hashlist")
    entry.refresh_from_db()
    ncmec.refresh_from_db()
    assert (entry.state, ncmec.state) == ("pending", "active")
