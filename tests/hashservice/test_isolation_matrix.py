"""Every route of the API, asked by everybody who should get nothing: generated from the URL conf.

A route without a row in ROUTES fails, and so does a row that is not true.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hashservice.urls import urlpatterns
from tenants import acting, keys
from tenants.acting import SERVICE
from tenants.keys import SCOPES, verification
from tenants.models import ApiKey, random_base62
from tests.belongings import (
    batch_id,
    delivery_id,
    key_id,
    match_id,
    period_report_id,
    report_id,
    submission_id,
    webhook_id,
)
from tests.cast import NARRATOR, Customer

pytestmark = pytest.mark.django_db
PUBLIC, ANY_KEY = "public", "any key"
INCIDENT: dict[str, object] = {
    "at": "2026-01-01T00:00:00Z",
    "reporter_first_name": "Ada",
    "reporter_last_name": "Lovelace",
    "reporter_email": "ada@example.org",
}
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(autouse=True)
def somewhere_to_report_to(settings: Any) -> None:
    """Reports are only queued here: no worker runs, nothing is sent."""
    settings.NCMEC_URL = "https://cybertipline.invalid/ispws"


@dataclass(frozen=True)
class Row:
    """Who may ask, with which scope; how to make an object the route tells of; what to send."""

    scope: str
    made_by: Callable[[Customer, str], str] | None = None
    made_up: str = ""
    shared: str = ""  # the name of something that every tenant sees
    body: dict[str, object] | None = None


A_KEY = {"made_by": key_id, "made_up": random_base62(12)}
A_WEBHOOK = {"made_by": webhook_id, "made_up": f"whe_{random_base62(22)}"}
ROUTES = {
    "match": Row("match"),
    "match-hashes": Row("match"),
    "submission": Row("match", submission_id, f"sub_{random_base62(22)}"),
    "feedback": Row(
        "feedback", match_id, f"mat_{random_base62(22)}", body={"verdict": "confirmed"}
    ),
    "prepare-report": Row("reports", match_id, f"mat_{random_base62(22)}", body=INCIDENT),
    "reports": Row("reports"),
    "report": Row("reports", report_id, f"tip_{random_base62(22)}"),
    "send-report": Row("reports", report_id, f"tip_{random_base62(22)}"),
    "batches": Row("batch"),
    "batch": Row("batch", batch_id, f"bat_{random_base62(22)}"),
    "batch-results": Row("batch", batch_id, f"bat_{random_base62(22)}"),
    "sandbox": Row(ANY_KEY),
    "sandbox-fixture": Row(ANY_KEY, shared="unknown"),
    "sandbox-reaction": Row("match", shared="unknown", body={"reaction": "blocked"}),
    "own-key": Row(ANY_KEY),
    "keys": Row("keys"),
    "key": Row("keys", **A_KEY),
    "rotate-key": Row("keys", **A_KEY, body={"overlap_seconds": 0}),
    "leaked-keys": Row(PUBLIC),
    "webhooks": Row("webhooks"),
    "webhook": Row("webhooks", **A_WEBHOOK),
    "test-webhook": Row("webhooks", **A_WEBHOOK),
    "rotate-webhook-secret": Row("webhooks", **A_WEBHOOK),
    "webhook-deliveries": Row("webhooks", **A_WEBHOOK),
    "redeliver-webhook": Row("webhooks", delivery_id, f"whd_{random_base62(22)}"),
    "usage": Row("usage:read"),
    "audit-events": Row("audit:read"),
    "audit-report": Row("audit:read"),
    "audit-totals": Row("audit:read"),
    "audit-reports": Row("audit:read"),
    "audit-period-report": Row("audit:read", period_report_id, f"rep_{random_base62(22)}"),
    "audit-checkpoint": Row("audit:read"),
    "audit-proof": Row("audit:read"),
    "audit-consistency": Row("audit:read"),
    "receipt-keys": Row(PUBLIC),
    "openapi": Row(PUBLIC),
}


def methods_of(view: Any) -> list[str]:
    return [name for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)]


API = {
    route.name: methods_of(route.callback.cls)
    for route in urlpatterns
    if str(route.pattern).startswith("v1/")
}
CALLS = [(name, method) for name, methods in API.items() for method in methods if name in ROUTES]
WITH_KEY = [call for call in CALLS if ROUTES[call[0]].scope != PUBLIC]
WITH_SCOPE = [call for call in WITH_KEY if ROUTES[call[0]].scope != ANY_KEY]
WITH_ID = [call for call in CALLS if ROUTES[call[0]].made_by is not None]


def ask(call: tuple[str, str], secret: str, identifier: str | None = None) -> Any:
    name, method = call
    row = ROUTES[name]
    path = reverse(
        name, args=[identifier or row.made_up] if row.made_by else [row.shared] * bool(row.shared)
    )
    client = Client(headers={"Authorization": f"Bearer {secret}"} if secret else {})
    body = json.dumps(row.body or {})
    return getattr(client, method)(
        path, **({} if method == "get" else {"data": body, "content_type": "application/json"})
    )


def face(answer: Any) -> tuple[Any, ...]:
    """The answer as its caller sees it, but for what differs in every answer."""
    varying = {"X-Request-Id", "RateLimit"}
    headers = {name: value for name, value in answer.items() if name not in varying}
    content = answer.content.replace(answer.json()["request_id"].encode(), b"")
    return answer.status_code, content, headers


@pytest.fixture
def no_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries ask for rows of all tenants, whatever the application says."""
    filtered: Any = QuerySet._filter_or_exclude

    def for_any_tenant(self: Any, negate: bool, args: Any, kwargs: dict[str, Any]) -> Any:
        others = {name: value for name, value in kwargs.items() if not names_tenant(name)}
        return filtered(self, negate, args, others)

    monkeypatch.setattr(QuerySet, "_filter_or_exclude", for_any_tenant)


def names_tenant(condition: str) -> bool:
    return not {"tenant", "tenant_id"}.isdisjoint(condition.split("__"))


@pytest.fixture
def no_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL shows every row to every key."""
    monkeypatch.setattr(verification, "act_for", lambda _: acting.become(SERVICE))


def test_every_route_has_its_row():
    assert set(ROUTES) == set(API)


@pytest.mark.parametrize("call", WITH_KEY, ids="-".join)
def test_nobody_gets_in_without_a_good_key(call, acme):
    revoked, expired, early = acme.issue(), acme.issue(), acme.issue()
    elsewhere = acme.issue(allowed_networks=["203.0.113.0/24"])
    keys.revoke(key=revoked.key, actor=NARRATOR)
    ApiKey.objects.filter(pk=expired.key.pk).update(expires_at=timezone.now())
    ApiKey.objects.filter(pk=early.key.pk).update(not_before=timezone.now() + HOUR)
    unknown = keys.tokens.new_token("live")[1]
    secrets = ["", "nonsense", unknown, *(k.secret for k in (revoked, expired, early, elsewhere))]
    faces = [face(ask(call, secret)) for secret in secrets]

    assert faces[0][0] == 401
    assert faces == [faces[0]] * len(secrets)


@pytest.mark.parametrize("call", WITH_SCOPE, ids="-".join)
def test_nobody_gets_in_with_all_scopes_but_the_right_one(call, acme):
    others = [scope for scope in SCOPES if scope != ROUTES[call[0]].scope]
    answer = ask(call, acme.issue(scopes=others).secret)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("call", WITH_SCOPE, ids="-".join)
def test_the_right_scope_alone_is_enough(call, acme):
    answer = ask(call, acme.issue(scopes=[ROUTES[call[0]].scope]).secret)

    assert answer.status_code not in {401, 403}


@pytest.mark.parametrize("call", CALLS, ids="-".join)
def test_only_public_routes_answer_callers_without_a_key(call, acme):
    assert (ask(call, "").status_code != 401) == (ROUTES[call[0]].scope == PUBLIC)


@pytest.mark.parametrize("call", WITH_ID, ids="-".join)
def test_what_is_not_the_callers_answers_like_what_is_not_there(call, acme, rival):
    make = ROUTES[call[0]].made_by
    test_secret = acme.issue(environment="test").secret
    live, test = make(acme, acme.secret), make(acme, test_secret)
    answers = {
        "missing": ask(call, rival.secret),
        "another tenant's": ask(call, rival.secret, live),
        "of the other environment": ask(call, test_secret, live),
        "of the other environment, live": ask(call, acme.secret, test),
        "no id at all": ask(call, acme.secret, "x"),
        "no text for a database": ask(call, acme.secret, "\x00"),
    }

    assert answers["missing"].status_code == 404
    assert {name: face(answer) for name, answer in answers.items()} == dict.fromkeys(
        answers, face(answers["missing"])
    )


@pytest.mark.parametrize("call", WITH_ID, ids="-".join)
def test_postgres_alone_hides_what_is_not_the_callers(call, acme, rival, no_filters):
    theirs = ROUTES[call[0]].made_by(acme, acme.secret)

    assert face(ask(call, rival.secret, theirs)) == face(ask(call, rival.secret))


@pytest.mark.parametrize("call", WITH_ID, ids="-".join)
def test_without_filters_and_policies_nothing_would_hide_it(
    call, acme, rival, no_filters, no_policies
):
    theirs = ROUTES[call[0]].made_by(acme, acme.secret)

    assert ask(call, rival.secret, theirs).status_code != 404


@pytest.mark.parametrize("call", WITH_ID, ids="-".join)
def test_what_is_the_callers_answers(call, acme):
    identifier = ROUTES[call[0]].made_by(acme, acme.secret)

    assert ask(call, acme.secret, identifier).status_code in {200, 201, 202, 204}


@pytest.mark.parametrize("call", WITH_ID, ids="-".join)
def test_foreign_calls_change_nothing(call, acme, rival):
    make = ROUTES[call[0]].made_by
    identifier = make(acme, acme.secret)
    before = list(ApiKey.objects.filter(tenant=acme.tenant).values())
    ask(call, rival.secret, identifier)

    assert list(ApiKey.objects.filter(tenant=acme.tenant).values()) == before
