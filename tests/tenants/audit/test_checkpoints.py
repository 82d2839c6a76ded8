"""Checkpoints: signed for every log that grew, kept outside of the database too."""

from __future__ import annotations

import datetime

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from hashservice.celery import app
from hashservice.database import OWNER, RUNTIME
from tenants import tasks
from tenants.audit import checkpoint_files, verify
from tenants.audit.checkpoints import current, origin_of, public_key, sign_grown
from tenants.audit.inspection import inspect
from tenants.audit.record import Actor, record
from tenants.audit.seal import seal_pending
from tenants.models import AuditEvent, Checkpoint

pytestmark = pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])


def grow(tenant):
    record(action="key.read", actor=Actor.system("tests"), tenant=tenant)
    seal_pending()


def test_every_log_that_grew_is_signed_once(acme, rival):
    record(action="curator.created", actor=Actor.system("tests"))
    seal_pending()

    assert (sign_grown(), sign_grown()) == (3, 0)
    grow(acme.tenant)
    assert sign_grown() == 1
    sizes = Checkpoint.objects.filter(tenant=acme.tenant).values_list("size", flat=True)
    assert list(sizes) == [3, 2]


def test_checkpoint_lies_outside_of_the_database_before_it_is_given_out(acme, outside):
    grow(acme.tenant)
    checkpoint = current(acme.tenant)

    file = outside / f"{acme.tenant.public_id}.txt"
    assert verify.read_notes(file.read_text("utf8")) == [checkpoint.text]


def test_empty_log_is_signed_too():
    signed = verify.parse_checkpoint(current(None).text)

    assert (signed.size, signed.root.hex()[:8]) == (0, "e3b0c442")


def test_log_keeps_its_name_when_the_service_moves(acme, settings):
    settings.PUBLIC_URL = "https://old.example.org"
    grow(acme.tenant)
    current(acme.tenant)
    settings.PUBLIC_URL = "https://new.example.org"
    grow(acme.tenant)

    assert current(acme.tenant).text.startswith("old.example.org/audit/ten_")


def test_checkpoint_that_a_crash_cut_short_harms_no_other(acme, outside):
    grow(acme.tenant)
    whole = current(acme.tenant)
    file = outside / f"{acme.tenant.public_id}.txt"
    for cut in (3, len(whole.text) // 2, len(whole.text) - 5):
        with file.open("a", encoding="utf8") as torn:
            torn.write(f"\n\n{whole.text[:cut]}")
        grow(acme.tenant)
        newest = current(acme.tenant)
        with checkpoint_files.locked(acme.tenant.public_id) as locked:
            assert locked.last() == newest.text

    assert inspect(acme.tenant).agreeing == 4


def test_signed_file_without_its_row_is_taken_up_again(acme):
    """As after a crash between the two: the same text is not written twice."""
    grow(acme.tenant)
    text = current(acme.tenant).text
    with checkpoint_files.locked(acme.tenant.public_id) as file:
        file.append(text)

    grow(acme.tenant)
    assert inspect(acme.tenant).size == current(acme.tenant).size


def test_key_verifies_what_is_signed_and_only_under_its_name(acme, rival):
    grow(acme.tenant)
    note = current(acme.tenant).text

    assert verify.read_checkpoint(note, public_key(origin_of(acme.tenant))).size == 3
    with pytest.raises(verify.Unverifiable):
        verify.read_checkpoint(note, public_key(origin_of(rival.tenant)))


def test_worker_seals_and_signs_by_the_schedule(acme):
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert {tasks.seal_audit.name, tasks.sign_checkpoints.name} <= names
    assert (tasks.seal_audit() > 0, tasks.sign_checkpoints()) == (True, 1)


def test_commands_seal_and_verify(acme, capsys):
    call_command("seal_audit")
    call_command("verify_audit")

    said = capsys.readouterr().out
    assert "2 events sealed, 1 checkpoints signed" in said
    assert f"{acme.tenant.public_id}: 2 events whole, 1 checkpoints agree" in said


def test_command_verifies_against_a_checkpoint_kept_elsewhere(acme, tmp_path):
    grow(acme.tenant)
    kept = tmp_path / "kept.txt"
    kept.write_text(current(acme.tenant).text, "utf8")

    call_command("verify_audit", "--log", acme.tenant.public_id, "--checkpoint", str(kept))
    with pytest.raises(CommandError, match="no log"):
        call_command("verify_audit", "--log", "ten_nobody")
    with pytest.raises(CommandError, match="name it"):
        call_command("verify_audit", "--checkpoint", str(kept))


def test_command_ends_badly_when_an_event_was_slipped_in(acme, capsys):
    grow(acme.tenant)
    AuditEvent.objects.create(
        actor_kind="system", action="key.read", outcome="success", transaction_id=3
    )

    with pytest.raises(CommandError, match="not whole"):
        call_command("verify_audit")
    assert "1 events stand unsealed" in capsys.readouterr().out


def test_readyz_names_a_sealer_that_lags(client, acme):
    assert client.get("/readyz").status_code == 200
    AuditEvent.objects.create(
        actor_kind="system",
        action="key.read",
        outcome="success",
        at=timezone.now() - datetime.timedelta(seconds=61),
        transaction_id=3,
    )

    assert client.get("/readyz").json()["wrong"] == {
        "audit": "audit events have been waiting to be sealed for 61 s"
    }
    seal_pending()
    assert client.get("/readyz").status_code == 200
