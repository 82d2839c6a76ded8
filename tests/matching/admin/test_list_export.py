"""Taking a list out of the service by the admin: marked, recorded, for curators only."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from matching.admin.list_export import SHAPES
from matching.admin.roles import AUDITORS
from matching.importers import FORMATS
from tests.matching.admin.conftest import signed_in
from tests.matching.admin.rows import add, events, page

pytestmark = pytest.mark.django_db


def address(hash_list) -> str:
    return reverse("admin:matching_hashlist_export", args=[hash_list.pk])


def export(desk, hash_list, **fields):
    return desk.post(address(hash_list), {"format": "signatures", "reason": "for IWF"} | fields)


def test_the_lists_page_leads_to_its_export(desk, ncmec):
    assert address(ncmec) in desk.get(page("hashlist", "change", ncmec.pk)).content.decode()
    assert desk.get(address(ncmec)).status_code == 200


def test_the_file_is_marked_and_holds_what_is_in_force(desk, ncmec, known_entry, curator):
    add(ncmec, 1, by=curator)
    answer = export(desk, ncmec)
    head, *lines = b"".join(answer.streaming_content).decode().splitlines()

    assert answer["Content-Disposition"].startswith('attachment; filename="ncmec-')
    assert '"exported_by": "curator"' in head
    assert [json.loads(line)["sha256"] for line in lines] == [bytes(known_entry.sha256).hex()]


def test_it_is_recorded_with_its_reason_before_anything_leaves(desk, ncmec):
    export(desk, ncmec)

    [event] = events("list.exported")
    assert (event.actor_id, event.target) == ("curator", "list:ncmec")
    assert event.data == {"list": "ncmec", "format": "signatures", "reason": "for IWF"}


def test_without_a_reason_nothing_leaves(desk, ncmec):
    answer = export(desk, ncmec, reason=" ")

    assert "A reason is needed." in answer.content.decode()
    assert events("list.exported") == []


def test_a_format_without_its_mapping_says_so_and_is_not_recorded(desk, ncmec):
    answer = export(desk, ncmec, format="vics")

    assert "The list&#x27;s mapping" in answer.content.decode()
    assert events("list.exported") == []


def test_every_format_is_offered(desk, ncmec):
    assert tuple(SHAPES) == FORMATS
    text = desk.get(address(ncmec)).content.decode()
    assert all(f'value="{name}"' in text for name in FORMATS)


def test_auditors_and_outsiders_take_nothing_out(outsider_desk, ncmec):
    auditor = User.objects.create_user("auditor", is_staff=True)
    auditor.groups.add(Group.objects.get(name=AUDITORS))
    desk = signed_in(auditor)

    assert [export(one, ncmec).status_code for one in (desk, outsider_desk)] == [403, 403]
    assert address(ncmec) not in desk.get(page("hashlist", "change", ncmec.pk)).content.decode()
    assert events("list.exported") == []
