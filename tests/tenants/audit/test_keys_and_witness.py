"""A log whose key was changed, and one that a witness watches."""

from __future__ import annotations

import base64
import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command

from hashservice.database import OWNER, RUNTIME
from tenants.audit import verify
from tenants.audit.checkpoints import bare_public_key, current, origin_of, public_keys
from tenants.audit.events import Period, report
from tenants.audit.inspection import inspect
from tenants.audit.record import Actor, record
from tenants.audit.seal import seal_pending
from tenants.audit.verify import Tampered, Unverifiable, verify_report
from tenants.audit.witness import ask_witness
from tenants.models import Checkpoint, Cosignature
from tests.tenants.outgoing.hosts import HERE

pytestmark = pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
NAME = "witness.example.org"


def grow(tenant: Any, count: int = 1) -> Checkpoint:
    for _ in range(count):
        record(action="key.read", actor=Actor.system("tests"), tenant=tenant)
    seal_pending()
    return current(tenant)


def change_key(settings: Any, secret: str) -> None:
    settings.AUDIT_RETIRED_KEYS = [bare_public_key(), *settings.AUDIT_RETIRED_KEYS]
    settings.AUDIT_SIGNING_KEY = secret


# --- The key ---


def test_checkpoints_of_the_key_before_go_on_being_verified(acme, settings):
    earlier = grow(acme.tenant)
    change_key(settings, "another secret")
    later = grow(acme.tenant, 3)
    key, older = public_keys(origin_of(acme.tenant))
    records = list(report(checkpoint=later, period=Period()))

    whole = verify_report(records, key=key, older_keys=[older], checkpoints=[earlier.text])
    assert (whole.size, whole.agreeing) == (later.size, 1)
    assert records[0]["report"]["older_keys"] == [older]
    assert (inspect(acme.tenant).agreeing, inspect(acme.tenant).unread) == (2, 0)
    with pytest.raises(Unverifiable):
        verify_report(records, key=key, checkpoints=[earlier.text])


def test_key_that_was_never_the_logs_is_not_taken(acme, settings):
    checkpoint = grow(acme.tenant)
    change_key(settings, "the auditor has this one")
    key, _ = public_keys(origin_of(acme.tenant))
    with pytest.raises(Tampered) as caught:
        verify_report(list(report(checkpoint=checkpoint, period=Period())), key=key)

    assert caught.value.kind == "key"


def test_command_prints_what_a_change_of_keys_needs(acme, settings):
    bare, named = io.StringIO(), io.StringIO()
    call_command("audit_keys", "--bare", stdout=bare)
    change_key(settings, "another secret")
    call_command("audit_keys", "--log", acme.tenant.public_id, stdout=named)

    assert [bare.getvalue().strip()] == settings.AUDIT_RETIRED_KEYS
    assert named.getvalue().split() == public_keys(origin_of(acme.tenant))


# --- The witness ---


class Witness(ThreadingHTTPServer):
    """C2SP tlog-witness for any log: cosigns what is consistent with what it saw last."""

    def __init__(self) -> None:
        super().__init__((HERE, 0), Handler)
        self.key = Ed25519PrivateKey.generate()
        self.seen: dict[str, verify.Checkpoint] = {}
        self.lies = False

    @property
    def url(self) -> str:
        return f"http://{HERE}:{self.server_port}"

    @property
    def verifier_key(self) -> str:
        public = self.key.public_key().public_bytes_raw()
        encoded = base64.b64encode(b"\x04" + public).decode()
        return f"{NAME}+{verify.key_hash(NAME, public, verify.COSIGNATURE).hex()}+{encoded}"

    def cosign(self, text: str) -> str:
        at = int(time.time())
        signed = f"cosignature/v1\ntime {at}\n{'x' if self.lies else text}"
        key_id = verify.key_hash(NAME, self.key.public_key().public_bytes_raw(), b"\x04")
        raw = key_id + at.to_bytes(8, "big") + self.key.sign(signed.encode())
        return f"— {NAME} {base64.b64encode(raw).decode()}\n"


class Handler(BaseHTTPRequestHandler):
    server: Witness

    def do_POST(self) -> None:
        assert self.path == "/add-checkpoint"
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        head, _, note = body.partition("\n\n")
        first, *proof = head.split("\n")
        text = note.rpartition("\n\n")[0] + "\n"
        new = verify.parse_checkpoint(text)
        empty = verify.Checkpoint(new.origin, 0, b"")
        old = self.server.seen.get(new.origin, empty)
        path = [base64.b64decode(node) for node in proof]
        if first != f"old {old.size}":
            self._answer(409, f"{old.size}\n")
        elif not verify.consistent(old, new, path):
            self._answer(422, "")
        else:
            self.server.seen[new.origin] = new
            self._answer(200, self.server.cosign(text))

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def witness(settings: Any) -> Iterator[Witness]:
    with Witness() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings.OUTGOING_ALLOWED_NETWORKS, settings.OUTGOING_HTTP = [f"{HERE}/32"], True
        settings.AUDIT_WITNESS_URL = server.url
        settings.AUDIT_WITNESS_KEY = server.verifier_key
        yield server
        server.shutdown()


def test_witness_cosigns_what_grew(acme, witness):
    grow(acme.tenant)
    assert (ask_witness(), ask_witness()) == (1, 0)
    latest = grow(acme.tenant, 300)
    assert ask_witness() == 1

    records = list(report(checkpoint=latest, period=Period()))
    [key] = public_keys(latest.origin)
    assert verify_report(records, key=key, witness=witness.verifier_key).size == latest.size
    assert time.time() - verify.cosigned_at(latest.note, witness.verifier_key) < 60


def test_without_its_cosignature_the_verifier_says_so(acme, witness):
    latest = grow(acme.tenant)
    [key] = public_keys(latest.origin)
    with pytest.raises(Unverifiable, match="witness"):
        verify_report(
            list(report(checkpoint=latest, period=Period())), key=key, witness=witness.verifier_key
        )


def test_witness_that_saw_more_than_we_remember_tells_it(acme, witness):
    first = grow(acme.tenant)
    grow(acme.tenant, 5)
    witness.seen[first.origin] = verify.parse_checkpoint(first.text)

    assert ask_witness() == 1


def test_witness_refuses_a_log_that_was_rewritten(acme, witness, caplog):
    latest = grow(acme.tenant, 3)
    witness.seen[latest.origin] = verify.Checkpoint(latest.origin, 2, bytes(32))

    assert ask_witness() == 0
    assert "status 422" in caplog.text


def test_cosignature_that_does_not_verify_is_not_kept(acme, witness, caplog):
    grow(acme.tenant)
    witness.lies = True

    assert ask_witness() == 0
    assert not Cosignature.objects.exists()


def test_witness_that_is_away_stops_nothing(acme, settings, witness):
    settings.AUDIT_WITNESS_URL = f"http://{HERE}:1"
    latest = grow(acme.tenant)

    assert ask_witness() == 0
    assert latest.note == latest.text
