"""Every delivery verifies by what its receiver knows, during rotations too; secrets lie sealed."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from tenants import webhooks
from tenants.models import (
    DeliveryState,
    WebhookAttempt,
)
from tenants.webhooks import deliver_due
from tests.tenants.outgoing.hosts import HERE, answering, listening
from tests.tenants.webhooks.conftest import (
    HOUR,
    MINUTE,
    TESTER,
    Receiver,
    run,
    states,
    tell,
)

pytestmark = pytest.mark.django_db


def test_delivery_over_a_real_socket_is_verified_by_the_published_library(
    acme, registered, settings
):
    settings.OUTGOING_ALLOWED_NETWORKS, settings.OUTGOING_HTTP = [f"{HERE}/32"], True
    seen: list[bytes] = []
    with listening(answering(b"", "204 No Content", seen=seen)) as host:
        secret = registered(f"http://{HERE}:{host.port}/hook?x=1").key.secret
        tell(acme.tenant, batch_id="bat_1")
        assert deliver_due() == 1
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    verified = Webhook(secret).verify(body, dict(lines))

    assert head.startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert verified["data"] == {"batch_id": "bat_1"}
    assert states() == {DeliveryState.DELIVERED: 1}


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "webhook-signature", "body"])
def test_delivery_that_was_tampered_with_fails_to_verify(acme, registered, clock, part):
    secret, receiver = registered().key.secret, Receiver(lambda _: 200)
    tell(acme.tenant)
    run(receiver, clock)
    [(_, _, body, headers)] = receiver.told
    if part == "body":
        body = body.replace(b"batch.finished", b"batch.finishes")
    else:
        digit = headers[part][-5]
        headers[part] = headers[part][:-5] + ("1" if digit != "1" else "2") + headers[part][-4:]

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def ed25519_verified(public_key: str, told: Any) -> None:
    _, event_id, body, headers = told
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    for signature in headers["webhook-signature"].split():
        version, _, value = signature.partition(",")
        assert version == "v1a"
        message = f"{event_id}.{headers['webhook-timestamp']}.".encode() + body
        try:
            return key.verify(base64.b64decode(value), message)
        except InvalidSignature:
            continue
    raise InvalidSignature


def test_ed25519_is_offered_and_a_rotation_signs_with_both_keys(acme, registered, clock):
    first, receiver = registered(signature="v1a"), Receiver(lambda _: 200)
    second = webhooks.rotate(endpoint=first.endpoint, actor=TESTER, overlap_seconds=3600)
    tell(acme.tenant)
    run(receiver, clock)
    clock.pass_by(2 * HOUR)
    tell(acme.tenant)
    run(receiver, clock)
    overlapping, later = receiver.told

    assert first.key.secret is None
    for key in (first.key.public_key, second.key.public_key):
        ed25519_verified(key, overlapping)
    ed25519_verified(second.key.public_key, later)
    with pytest.raises(InvalidSignature):
        ed25519_verified(first.key.public_key, later)


def test_rotation_verifies_by_both_secrets_until_the_overlap_is_over(acme, registered, clock):
    first, receiver = registered(), Receiver(lambda _: 200)
    second = webhooks.rotate(endpoint=first.endpoint, actor=TESTER, overlap_seconds=600)
    tell(acme.tenant)
    run(receiver, clock)
    [(_, _, body, headers)] = receiver.told
    for registration in (first, second):
        Webhook(registration.key.secret).verify(body, headers)
    clock.pass_by(10 * MINUTE)
    tell(acme.tenant)
    run(receiver, clock)

    assert len(receiver.told[1][3]["webhook-signature"].split()) == 1
    with pytest.raises(WebhookVerificationError):
        Webhook(first.key.secret).verify(body, {**headers, "webhook-signature": "v1,AA=="})


def test_secrets_lie_encrypted_and_move_to_a_new_pepper(acme, registered, clock, settings):
    made = registered()
    raw = base64.b64decode(made.key.secret.removeprefix("whsec_"))
    [row] = made.endpoint.secrets.all()
    assert raw not in bytes(row.sealed)

    settings.API_KEY_PEPPER_PREVIOUS, settings.API_KEY_PEPPER = settings.API_KEY_PEPPER, "p" * 40
    assert webhooks.reseal() == 1
    settings.API_KEY_PEPPER_PREVIOUS = ""
    receiver = Receiver(lambda _: 200)
    tell(acme.tenant)
    run(receiver, clock)
    [(_, _, body, headers)] = receiver.told
    Webhook(made.key.secret).verify(body, headers)


def test_secret_under_a_lost_pepper_keeps_nobody_elses_events(
    acme, rival, registered, clock, settings
):
    registered()
    settings.API_KEY_PEPPER = "p" * 40
    registered("https://rival.example/", tenant=rival.tenant)
    tell(acme.tenant)
    tell(rival.tenant)
    receiver = Receiver(lambda _: 200)
    run(receiver, clock)

    assert [url for url, *_ in receiver.told] == ["https://rival.example/"]
    assert WebhookAttempt.objects.get(delivery__tenant=acme.tenant).error == "unsigned"
