"""The door, through the real routes."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from tenants import keys
from tenants.authentication import ScopeMissing, authenticate_header
from tenants.models import ApiKey, AuditEvent
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db


def face(response) -> tuple:
    """An answer as the caller sees it, but for what differs in every answer."""
    body = {**response.json(), "request_id": ""}
    varying = {"X-Request-Id", "Content-Length"}
    headers = sorted((name, value) for name, value in response.items() if name not in varying)
    return response.status_code, body, headers


def test_key_reads_its_own_particulars(acme, acme_api):
    answer = acme_api.get("/v1/key").json()

    assert answer["last_used_at"] is not None
    assert {**answer, "last_used_at": "", "created_at": ""} == {
        "id": acme.key.key_id,
        "name": acme.key.name,
        "environment": "live",
        "status": "active",
        "scopes": list(keys.DEFAULT_SCOPES),
        "allowed_networks": [],
        "created_at": "",
        "not_before": None,
        "expires_at": None,
        "last_used_at": "",
        "limits": {"burst": None, "monthly_quota": None, "requests_per_minute": None},
    }


def test_reading_the_own_key_is_one_event(acme, acme_api):
    before = AuditEvent.objects.count()
    acme_api.get("/v1/key")

    assert AuditEvent.objects.count() == before + 1
    assert AuditEvent.objects.get(action="key.read").key_id == acme.key.key_id


def test_every_authenticated_answer_tells_the_limits(acme_api):
    response = acme_api.get("/v1/key")

    assert response["RateLimit-Policy"].startswith('"burst";q=')
    assert response["RateLimit"].startswith('"burst";r=')


def test_every_refusal_has_one_face(acme, api):
    revoked, expired = acme.issue(), acme.issue()
    bound = acme.issue(allowed_networks=["203.0.113.0/24"])
    keys.revoke(key=revoked.key, actor=NARRATOR)
    ApiKey.objects.filter(pk=expired.key.pk).update(expires_at=timezone.now())
    unknown = keys.tokens.new_token("live")[1]
    secrets = [issued.secret for issued in (revoked, expired, bound)]
    clients = [Client(), *map(api, [*secrets, unknown, acme.secret[:-1] + "-", "x"])]
    clients.append(Client(headers={"Authorization": "Basic YTpi"}))

    faces = [face(client.get("/v1/key")) for client in clients]

    assert faces == [faces[0]] * len(clients)
    assert faces[0][0] == 401
    assert dict(faces[0][2])["WWW-Authenticate"].startswith("Bearer")


def test_revoked_key_is_refused_in_the_next_request(acme, acme_api):
    assert acme_api.get("/v1/key").status_code == 200
    keys.revoke(key=acme.key, actor=NARRATOR)

    assert acme_api.get("/v1/key").status_code == 401


@pytest.mark.parametrize(
    "query", ["api_key={0}", "subscription-key={0}", "x=a{0}b", "{0}", "a=1&a={0}"]
)
def test_key_in_the_address_is_refused(acme, acme_api, query):
    response = acme_api.get("/v1/key?" + query.format(acme.secret))

    assert (response.status_code, response.json()["code"]) == (400, "key_in_query")
    assert acme.secret not in str(AuditEvent.objects.values_list("target", "data"))


def test_key_in_the_address_alone_is_refused_too(acme):
    assert Client().get(f"/v1/key?token={acme.secret}").status_code == 400


class Unscoped(APIView):
    def get(self, _):
        raise AssertionError("nobody may come here")


class ForBatches(Unscoped):
    required_scope = "batch"


def call(view: type[APIView], secret: str):
    request = APIRequestFactory().get("/", headers={"Authorization": f"Bearer {secret}"})
    return view.as_view()(request)


def test_view_without_a_scope_admits_nobody(acme):
    assert call(Unscoped, acme.secret).status_code == 403


def test_key_without_the_scope_is_refused(acme):
    response = call(ForBatches, acme.issue(scopes=["match"]).secret)

    assert (response.status_code, response.data["code"]) == (403, "scope_missing")
    assert "batch" in str(ScopeMissing("batch"))


def test_refused_call_for_want_of_a_scope_is_charged_as_well(acme, api):
    client = api(acme.issue(scopes=["feedback"]).secret)
    plan = acme.tenant.plan
    plan.burst, plan.requests_per_minute = 1, 1
    plan.save()

    answers = [client.post("/v1/match", b"", content_type="image/jpeg") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [403, 429]
    assert all(answer["RateLimit"].startswith('"burst";r=0') for answer in answers)


def test_rate_limit_answers_429(acme, acme_api):
    plan = acme.tenant.plan
    plan.burst, plan.requests_per_minute = 1, 1
    plan.save()
    acme_api.get("/v1/key")
    response = acme_api.get("/v1/key")

    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    assert int(response["Retry-After"]) > 0
    assert '"burst";r=0' in response["RateLimit"]


def look_up(api):
    body = {"items": [{"md5": "00" * 16}]}
    return api.post("/v1/match/hashes", body, content_type="application/json")


def test_spent_quota_answers_429(acme, acme_api):
    plan = acme.tenant.plan
    plan.monthly_quota = 1
    plan.save()
    asked = [look_up(acme_api) for _ in range(2)]

    assert [answer.json().get("code") for answer in asked] == [None, "quota_exceeded"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_header_is_understood_outside_of_views(acme, scheme):
    assert authenticate_header(f"{scheme} {acme.secret}", None) == acme.key


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi"])
def test_header_without_a_key_is_refused(header):
    with pytest.raises(keys.KeyInvalid):
        authenticate_header(header, None)
