"""Every event is delivered at least once, under one id, verifiable, whatever breaks in between."""

from __future__ import annotations

import base64
import datetime
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from tenants import outgoing, webhooks
from tenants.audit.record import Actor
from tenants.models import (
    AuditEvent,
    DeliveryState,
    DisabledReason,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from tenants.outgoing import NotReached, Unreached
from tenants.webhooks import Registered, claims, deliver_due
from tenants.webhooks.claims import claim
from tenants.webhooks.outcome import settle
from tenants.webhooks.schedule import MOST_ATTEMPTS, WAITS
from tenants.webhooks.sending import Try
from tenants.writes import write_together
from tests.cast import Customer
from tests.tenants.outgoing.hosts import HERE, answering, listening
from tests.tenants.webhooks.conftest import tell

pytestmark = pytest.mark.django_db
TESTER = Actor.system("tests")
SECOND, MINUTE, HOUR = (datetime.timedelta(**{u: 1}) for u in ("seconds", "minutes", "hours"))


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = timezone.now() + SECOND

    def __call__(self) -> datetime.datetime:
        return self.now

    def pass_by(self, time: datetime.timedelta) -> None:
        self.now += time


class Receiver:
    """Stands in for the hosts of the world: answers by `answer`, and keeps what it was told."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self.answer, self.told, self._lock = answer, [], threading.Lock()  # type: ignore[var-annotated]

    def __call__(
        self, url: str, *, body: bytes, headers: Mapping[str, str], **_: Any
    ) -> outgoing.Answer:
        with self._lock:
            self.told.append((url, headers["webhook-id"], body, dict(headers)))
        status = self.answer(url)
        if isinstance(status, Exception):
            raise status
        return status if isinstance(status, outgoing.Answer) else outgoing.Answer(status, {})

    @property
    def ids(self) -> list[str]:
        return [event_id for _, event_id, _, _ in self.told]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registered(acme: Customer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Registered]:
    """Registers endpoints without asking a name server."""
    monkeypatch.setattr(outgoing, "check", lambda _: None)

    def made(url: str = "https://acme.example/hook", **terms: Any) -> Registered:
        usual = {"tenant": acme.tenant, "environment": "live", "events": ["batch.finished"]}
        return webhooks.register(url=url, actor=TESTER, **{**usual, **terms})

    return made


def run(receiver: Receiver, clock: Clock, **options: Any) -> int:
    return deliver_due(post=receiver, clock=clock, **options)


def states() -> Counter[str]:
    return Counter(WebhookDelivery.objects.values_list("state", flat=True))


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


def test_tries_follow_the_schedule_under_one_id_until_it_is_given_up(acme, registered, clock):
    endpoint, receiver = registered().endpoint, Receiver(lambda _: 500)
    tell(acme.tenant)
    for _ in range(MOST_ATTEMPTS):
        assert run(receiver, clock) == 1
        assert run(receiver, clock) == 0  # not before it is due
        endpoint.refresh_from_db()
        clock.now = max(endpoint.paused_until, WebhookDelivery.objects.get().next_attempt_at)
    delivery = WebhookDelivery.objects.get()
    times = [attempt.at for attempt in delivery.log.all()]
    waits = [later - earlier for earlier, later in pairwise(times)]

    assert len(set(receiver.ids)) == 1
    assert len({body for _, _, body, _ in receiver.told}) == 1
    assert all(0.8 < wait / planned < 1.2 for wait, planned in zip(waits, WAITS, strict=True))
    assert delivery.state == DeliveryState.FAILED
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == DisabledReason.FAILING
    told = AuditEvent.objects.filter(tenant=acme.tenant).values_list("action", flat=True)
    assert {"webhook.given_up", "webhook.disabled"} <= set(told)


def test_what_waits_goes_on_when_the_endpoint_is_switched_on_again(acme, registered, clock):
    endpoint, receiver = registered().endpoint, Receiver(lambda _: 410)
    tell(acme.tenant)
    run(receiver, clock)
    clock.pass_by(HOUR)
    assert run(receiver, clock) == 0
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == DisabledReason.GONE

    webhooks.change(endpoint=endpoint, actor=TESTER, enabled=True)
    receiver.answer = lambda _: 200
    assert run(receiver, clock) == 1
    assert states() == {DeliveryState.DELIVERED: 1}


@pytest.mark.parametrize("status", [301, 302, 400, 404, 500])
def test_only_success_is_success(acme, registered, clock, status):
    registered()
    tell(acme.tenant)
    run(Receiver(lambda _: status), clock)

    assert WebhookAttempt.objects.get().status == status
    assert states() == {DeliveryState.PENDING: 1}


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (outgoing.AddressRefused(), "address_refused"),
        (NotReached(Unreached.TIMEOUT), "timeout"),
        (NotReached(Unreached.TLS), "tls"),
    ],
)
def test_log_tells_why_there_was_no_answer(acme, registered, clock, failure, error):
    registered()
    tell(acme.tenant)
    run(Receiver(lambda _: failure), clock)
    attempt = WebhookAttempt.objects.get()

    assert (attempt.status, attempt.error) == (None, error)


def test_host_that_asks_for_time_gets_it(acme, registered, clock):
    registered()
    tell(acme.tenant)
    tell(acme.tenant)
    receiver = Receiver(lambda _: outgoing.Answer(429, {"retry-after": "7200"}))
    run(receiver, clock, slots=1)
    told = len(receiver.told)
    clock.pass_by(119 * MINUTE)
    assert run(receiver, clock) == 0
    clock.pass_by(2 * MINUTE)
    assert run(receiver, clock) > 0
    assert told == 1


def test_address_that_became_forbidden_is_not_connected_to(acme, registered, settings):
    settings.OUTGOING_ALLOWED_NETWORKS, settings.OUTGOING_HTTP = [], True
    with listening(answering(b"", "200 OK")) as host:
        registered(f"http://{HERE}:{host.port}/")
        tell(acme.tenant)
        deliver_due()
        assert host.connections == 0

    assert WebhookAttempt.objects.get().error == "address_refused"


def test_receiver_down_for_half_an_hour_hears_of_everything(acme, registered, clock):
    registered()
    down_until = clock.now + 30 * MINUTE
    receiver = Receiver(lambda _: 200 if clock.now >= down_until else 503)
    for number in range(60):
        if number < 30:
            tell(acme.tenant, number=number)
        run(receiver, clock)
        clock.pass_by(MINUTE)
    clock.pass_by(HOUR)
    run(receiver, clock)
    bodies = {json.loads(body)["data"]["number"] for _, _, body, _ in receiver.told}

    assert states() == {DeliveryState.DELIVERED: 30}
    assert bodies == set(range(30))
    assert len(set(receiver.ids)) == 30


class Killed(BaseException):
    """The process ends here and now."""


def test_courier_killed_twenty_times_loses_nothing(acme, registered, clock):
    """Killed before the request went out, and after it was answered but before that was noted."""
    registered()
    for number in range(30):
        tell(acme.tenant, number=number)
    receiver = Receiver(lambda _: 200)
    for kill in range(20):
        claimed = claim(slots=3, failing_slots=3, now=clock())
        if kill % 2:
            for one in claimed:
                receiver(one.url, body=b"", headers={"webhook-id": one.event_id}, seconds=1)
        clock.pass_by(claims.LEASE)
    run(receiver, clock)

    assert states() == {DeliveryState.DELIVERED: 30}
    assert set(receiver.ids) == set(WebhookDelivery.objects.values_list("event_id", flat=True))
    assert len(receiver.ids) > 30


def test_leased_delivery_is_nobody_elses_until_the_lease_ends(acme, registered, clock):
    registered()
    tell(acme.tenant)
    assert len(claim(slots=9, failing_slots=9, now=clock())) == 1
    assert claim(slots=9, failing_slots=9, now=clock()) == []
    clock.pass_by(claims.LEASE)
    assert len(claim(slots=9, failing_slots=9, now=clock())) == 1


def test_word_of_one_who_comes_back_after_the_lease_counts_no_more(acme, registered, clock):
    registered()
    tell(acme.tenant)
    [late] = claim(slots=1, failing_slots=1, now=clock())
    clock.pass_by(claims.LEASE)
    [current] = claim(slots=1, failing_slots=1, now=clock())

    assert not settle(late, Try(clock(), 1, error="timeout"))
    assert settle(current, Try(clock(), 1, status=200))
    assert not settle(late, Try(clock(), 1, error="timeout"))
    assert states() == {DeliveryState.DELIVERED: 1}
    assert WebhookAttempt.objects.count() == 1


def test_dead_host_of_one_tenant_does_not_delay_another(acme, rival, registered, clock):
    """While acme's hosts hang, everything of rival's is delivered."""
    for number in range(6):
        registered(f"https://dead-{number}.example/")
    registered("https://rival.example/", tenant=rival.tenant)
    for number in range(20):
        tell(acme.tenant)
        tell(rival.tenant, number=number)
    waiting, all_came = iter(range(20)), threading.Event()

    def answer(url: str) -> Any:
        if "dead" in url:
            assert all_came.wait(60)  # hangs until all of rival's events have come
            return NotReached(Unreached.TIMEOUT)
        if next(waiting) == 19:
            all_came.set()
        return 200

    run(Receiver(answer), clock, slots=10)
    delivered = WebhookDelivery.objects.filter(state=DeliveryState.DELIVERED)

    assert delivered.filter(tenant=rival.tenant).count() == 20
    assert not delivered.filter(tenant=acme.tenant).exists()


def test_failing_endpoint_has_one_try_at_a_time_and_the_healthy_come_first(
    acme, rival, registered, clock
):
    failing = registered().endpoint
    registered("https://rival.example/", tenant=rival.tenant)
    WebhookEndpoint.objects.filter(pk=failing.pk).update(failures=3)
    for _ in range(5):
        tell(acme.tenant)
        tell(rival.tenant)
    urls = [claimed.url for claimed in claim(slots=9, failing_slots=9, now=clock())]

    assert sorted(urls) == [failing.url] + ["https://rival.example/"] * 4


def test_redelivery_is_the_same_event_once_more(acme, registered, clock):
    registered()
    receiver = Receiver(lambda _: 200)
    tell(acme.tenant)
    run(receiver, clock)
    webhooks.redeliver(delivery=WebhookDelivery.objects.get(), actor=TESTER)
    clock.pass_by(MINUTE)
    run(receiver, clock)

    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


def test_removed_endpoint_hears_nothing_more(acme, registered, clock):
    made, receiver = registered(), Receiver(lambda _: 200)
    tell(acme.tenant)
    webhooks.remove(endpoint=made.endpoint, actor=TESTER)
    tell(acme.tenant)

    assert run(receiver, clock) == 0
    assert not WebhookDelivery.objects.exists()


def test_log_goes_back_thirty_days(acme, registered, clock):
    registered()
    tell(acme.tenant)
    run(Receiver(lambda _: 200), clock)
    assert webhooks.forget_old(now=clock.now + datetime.timedelta(days=29)) == 0
    assert webhooks.forget_old(now=clock.now + datetime.timedelta(days=31)) == 1
    assert not WebhookAttempt.objects.exists()


def test_event_that_happens_once_is_told_once(acme, registered, clock):
    registered()
    for _ in range(3):
        told = webhooks.enqueue(
            tenant=acme.tenant, environment="live", event="batch.finished", data={}, once="2026-11"
        )
        write_together([told])
    assert WebhookDelivery.objects.count() == 1
