"""The page of the kill switches."""

from __future__ import annotations

import pytest
from django.urls import reverse

from matching.models import Decision, ListsVersion
from tests.matching.admin.rows import confirm

pytestmark = pytest.mark.django_db


def turn(client, signal):
    address = reverse("admin:matching_listsversion_stops")
    return client.post(address, {"signal": signal, "reason": "too many"}, follow=True)


def test_one_curator_stops_and_two_start_again(desk, second_desk):
    turn(desk, "pdq")
    stopped = ListsVersion.objects.get().stopped
    turn(desk, "pdq")
    confirm(second_desk, "approve", Decision.objects.get(), expected=1, model="decision")

    assert (stopped, ListsVersion.objects.get().stopped) == (["pdq"], [])


def test_nothing_is_stopped_unless_it_was_chosen(desk):
    answer = turn(desk, "").content.decode()

    assert "Choose what to stop or to start." in answer
    assert ListsVersion.objects.get().stopped == []


def test_account_without_rights_stops_nothing(outsider_desk):
    assert turn(outsider_desk, "all").status_code == 403
    assert ListsVersion.objects.get().stopped == []


def test_dashboard_tells_what_is_stopped(desk):
    turn(desk, "pdq")

    assert "pdq is stopped" in desk.get(reverse("admin:index")).content.decode()
