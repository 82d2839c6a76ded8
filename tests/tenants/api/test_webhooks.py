"""`/v1/webhooks` as its callers see it."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest
from django.test import Client

from tenants.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from tests.tenants.webhooks.conftest import tell

pytestmark = pytest.mark.django_db
PUBLIC = ipaddress.ip_address("8.8.8.8")
URL = "https://example.org/hook"


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """`example.org` leads somewhere public."""
    monkeypatch.setattr("tenants.outgoing.target._looked_up", lambda _: [PUBLIC])


def sent(client: Client, method: str, path: str, body: Any = None) -> Any:
    return getattr(client, method)(path, json.dumps(body), content_type="application/json")


def registered(client: Client, **terms: Any) -> dict[str, Any]:
    body = {"url": URL, "events": ["match.found", "batch.finished"], **terms}
    answer = sent(client, "post", "/v1/webhooks", body)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_secret_is_shown_once(acme_api):
    made = registered(acme_api, description="ours")
    assert made["secret"].startswith("whsec_")

    read = acme_api.get(f"/v1/webhooks/{made['id']}").json()
    [listed] = acme_api.get("/v1/webhooks").json()["webhooks"]
    assert read == listed == {name: made[name] for name in made if name != "secret"}
    assert (read["enabled"], read["description"]) == (True, "ours")


def test_public_key_is_shown_always_and_there_is_no_secret(acme_api):
    made = registered(acme_api, signature="v1a")
    [key] = acme_api.get(f"/v1/webhooks/{made['id']}").json()["public_keys"]

    assert made["secret"] is None
    assert key.startswith("whpk_")


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "http://example.org/", "ftp://x/", "x"])
def test_address_that_is_not_public_is_refused(acme_api, url):
    made = registered(acme_api)
    for method, path in (("post", "/v1/webhooks"), ("patch", f"/v1/webhooks/{made['id']}")):
        answer = sent(acme_api, method, path, {"url": url, "events": ["match.found"]})
        assert (answer.status_code, answer.json()["code"]) == (422, "url_refused")
    assert WebhookEndpoint.objects.get().url == URL


@pytest.mark.parametrize(
    "body",
    [
        {"events": ["match.found"]},
        {"url": URL},
        {"url": URL, "events": []},
        {"url": URL, "events": ["match.imagined"]},
        {"url": URL, "events": ["match.found"], "signature": "v2"},
        {"url": URL, "events": ["match.found"], "secret": "mine"},
    ],
)
def test_body_of_another_shape_is_refused(acme_api, body):
    answer = sent(acme_api, "post", "/v1/webhooks", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")


def test_change_and_switch_off_and_remove(acme_api, acme):
    path = f"/v1/webhooks/{registered(acme_api)['id']}"
    changed = sent(acme_api, "patch", path, {"events": ["quota.reached"], "enabled": False}).json()
    assert changed["events"] == ["quota.reached"]
    assert (changed["enabled"], changed["disabled_reason"]) == (False, "by_tenant")
    assert sent(acme_api, "post", f"{path}/test").json()["code"] == "conflict"
    assert sent(acme_api, "patch", path, {"enabled": True}).json()["enabled"] is True

    assert acme_api.delete(path).status_code == 204
    assert acme_api.get(path).status_code == 404
    actions = AuditEvent.objects.filter(tenant=acme.tenant, action__startswith="webhook.")
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        "webhook.created",
        "webhook.changed",
        "webhook.changed",
        "webhook.deleted",
    ]


def test_rotation_shows_a_new_secret(acme_api):
    made = registered(acme_api)
    path = f"/v1/webhooks/{made['id']}/rotate-secret"
    rotated = sent(acme_api, "post", path, {"overlap_seconds": 60})

    assert rotated.status_code == 201
    assert rotated.json()["secret"] not in {None, made["secret"]}
    assert sent(acme_api, "post", path, {"overlap_seconds": 604_801}).status_code == 400


def test_deliveries_are_listed_newest_first_in_pages(acme, acme_api):
    made = registered(acme_api)
    for number in range(3):
        tell(acme.tenant, number=number)
    path = f"/v1/webhooks/{made['id']}/deliveries"
    first = acme_api.get(path, {"limit": 2}).json()
    second = acme_api.get(path, {"limit": 2, "cursor": first["next"]}).json()
    ids = [delivery["id"] for page in (first, second) for delivery in page["deliveries"]]

    assert second["next"] is None
    assert ids == list(WebhookDelivery.objects.order_by("-pk").values_list("public_id", flat=True))
    assert acme_api.get(path, {"state": "failed"}).json()["deliveries"] == []


def test_test_event_is_delivered_whatever_was_asked_for_and_once_more(acme_api):
    made = registered(acme_api, events=["quota.reached"])
    assert sent(acme_api, "post", f"/v1/webhooks/{made['id']}/test").status_code == 202
    [delivery] = acme_api.get(f"/v1/webhooks/{made['id']}/deliveries").json()["deliveries"]
    again = sent(acme_api, "post", f"/v1/webhook-deliveries/{delivery['id']}/redeliver")

    assert (delivery["event"], delivery["state"]) == ("endpoint.test", "pending")
    assert again.status_code == 202
    assert again.json()["event_id"] == delivery["event_id"]


def test_there_are_only_so_many(acme_api):
    for _ in range(20):
        registered(acme_api)
    answer = sent(acme_api, "post", "/v1/webhooks", {"url": URL, "events": ["match.found"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_test_keys_and_live_keys_do_not_see_each_others(acme_api, acme_test_api):
    made = registered(acme_test_api)

    assert made["environment"] == "test"
    assert acme_api.get("/v1/webhooks").json() == {"webhooks": []}
    assert acme_api.get(f"/v1/webhooks/{made['id']}").status_code == 404


def test_repeated_registration_makes_one_webhook(acme, api):
    client = api(acme.secret)
    body = json.dumps({"url": URL, "events": ["match.found"]})
    answers = [
        client.post(
            "/v1/webhooks", body, content_type="application/json", headers={"Idempotency-Key": "a"}
        ).json()
        for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert WebhookEndpoint.objects.count() == 1
