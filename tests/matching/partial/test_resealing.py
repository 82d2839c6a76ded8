"""SIGNATURE_KEY can be changed: the key before is heeded until nothing needs it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from matching.models import LocalSignature
from matching.partial.sealing import is_current, opened, seal
from tenants.models import AuditEvent
from tests.matching.partial.entries import make_partial

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(ncmec, curator, second_curator) -> LocalSignature:
    return make_partial(ncmec, 5, by=curator, approver=second_curator).local_signature


@pytest.fixture
def rotated(row, settings) -> LocalSignature:
    settings.SIGNATURE_KEY_PREVIOUS, settings.SIGNATURE_KEY = settings.SIGNATURE_KEY, "k" * 40
    return row


def owner(row: LocalSignature) -> dict[str, object]:
    return {"hash_list": row.entry.hash_list_id, "identity": row.entry.identity}


def reseal() -> str:
    out = StringIO()
    call_command("reseal_signatures", stdout=out)
    return out.getvalue()


def test_key_before_still_reads(rotated):
    assert opened(bytes(rotated.sealed), **owner(rotated))
    assert not is_current(bytes(rotated.sealed), **owner(rotated))


def test_after_resealing_the_key_before_is_needed_no_more(rotated, settings):
    before = opened(bytes(rotated.sealed), **owner(rotated))
    assert reseal().startswith("1 of 1")
    settings.SIGNATURE_KEY_PREVIOUS = ""

    rotated.refresh_from_db()
    assert opened(bytes(rotated.sealed), **owner(rotated)) == before
    assert AuditEvent.objects.get(action="signature.resealed").data["changed"] == 1


def test_what_is_under_the_present_key_is_left_alone(row):
    before = bytes(row.sealed)
    assert reseal().startswith("0 of 1")

    row.refresh_from_db()
    assert bytes(row.sealed) == before


def test_what_no_key_reads_is_told_and_left(rotated):
    sealed = seal(b"of another entry", hash_list=1, identity="id:of another")
    LocalSignature.objects.update(sealed=sealed)

    with pytest.raises(CommandError, match="1 can be read under neither key"):
        reseal()

    rotated.refresh_from_db()
    assert bytes(rotated.sealed) == sealed
