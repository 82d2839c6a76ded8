"""`/v1/keys` through the real routes."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tenants import keys
from tenants.keys import Limits
from tenants.models import ApiKey, AuditEvent
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db
FIELDS = {
    "id",
    "name",
    "environment",
    "status",
    "scopes",
    "allowed_networks",
    "limits",
    "created_at",
    "not_before",
    "expires_at",
    "last_used_at",
}
TERMS = {"name": "upload server", "environment": "live", "scopes": ["match"]}


def post(client: Any, path: str, body: object) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


def issue(client: Any, **terms: object) -> Any:
    return post(client, "/v1/keys", {**TERMS, **terms})


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_issued_key_opens_the_door(acme_api, api):
    answer = issue(acme_api)

    assert answer.status_code == 201
    assert set(answer.json()) == {*FIELDS, "secret"}
    particulars = api(answer.json()["secret"]).get("/v1/key").json()
    assert particulars["id"] == answer.json()["id"]
    assert particulars["scopes"] == ["match"]


def test_terms_are_told_back(acme_api):
    begin, end = "2099-01-01T00:00:00Z", "2099-02-01T00:00:00Z"
    networks = ["203.0.113.0/24", "2001:db8::/32"]
    answer = issue(acme_api, allowed_networks=networks, not_before=begin, expires_at=end).json()

    assert (answer["not_before"], answer["expires_at"]) == (begin, end)
    assert (answer["allowed_networks"], answer["status"]) == (networks, "not_yet_valid")


def test_secret_is_shown_once(acme_api):
    issued = issue(acme_api).json()
    later = [acme_api.get("/v1/keys"), acme_api.get(f"/v1/keys/{issued['id']}")]

    assert all(
        "secret" not in answer.text and issued["secret"] not in answer.text for answer in later
    )
    assert issued["secret"] not in str(list(AuditEvent.objects.values()))


def test_list_holds_the_own_keys_newest_first(acme, rival, acme_api):
    newer = issue(acme_api).json()["id"]
    answer = acme_api.get("/v1/keys").json()

    assert [key["id"] for key in answer["keys"]] == [newer, acme.key.key_id]
    assert set(answer["keys"][0]) == FIELDS
    assert answer["next"] is None


def test_pages_follow_each_other(acme, acme_api):
    ids = [acme.issue().key.key_id for _ in range(4)]
    first = acme_api.get("/v1/keys?limit=3").json()
    second = acme_api.get(f"/v1/keys?limit=3&cursor={first['next']}").json()

    shown = [key["id"] for page in (first, second) for key in page["keys"]]
    assert shown == [*reversed(ids), acme.key.key_id]
    assert second["next"] is None


def test_one_key_is_read(acme, acme_api):
    assert acme_api.get(f"/v1/keys/{acme.key.key_id}").json()["status"] == "active"


def test_deleted_key_is_refused_at_once_and_stays_readable(acme, acme_api, api):
    other = acme.issue()
    answer = acme_api.delete(f"/v1/keys/{other.key.key_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert api(other.secret).get("/v1/key").status_code == 401
    assert acme_api.get(f"/v1/keys/{other.key.key_id}").json()["status"] == "revoked"


def test_rotation_gives_a_successor_and_an_end(acme, acme_api, api):
    before = timezone.now()
    answer = post(acme_api, f"/v1/keys/{acme.key.key_id}/rotate", {"overlap_seconds": 60})

    assert answer.status_code == 201
    assert set(answer.json()) == {*FIELDS, "secret"}
    assert answer.json()["scopes"] == acme.key.scopes
    end = datetime.datetime.fromisoformat(acme_api.get("/v1/key").json()["expires_at"])
    assert 59 <= (end - before).total_seconds() < 120
    assert api(answer.json()["secret"]).get("/v1/key").status_code == 200


def test_key_that_has_a_successor_is_not_rotated_again(acme, acme_api):
    path = f"/v1/keys/{acme.key.key_id}/rotate"
    post(acme_api, path, {"overlap_seconds": 60})

    assert code_of(post(acme_api, path, {"overlap_seconds": 60})) == (409, "conflict")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"overlap_seconds": "60"},
        {"overlap_seconds": -1},
        {"overlap_seconds": 604801},
        {"overlap_seconds": True},
        {"overlap_seconds": 0, "overlap": 1},
        [],
    ],
)
def test_rotation_with_another_body_is_refused(acme, acme_api, body):
    answer = post(acme_api, f"/v1/keys/{acme.key.key_id}/rotate", body)

    assert code_of(answer) == (400, "request_invalid")
    assert ApiKey.objects.get().expires_at is None


@pytest.mark.parametrize(
    "terms",
    [
        {"scopes": ["everything"]},
        {"scopes": []},
        {"scopes": "match"},
        {"environment": "production"},
        {"name": ""},
        {"name": 5},
        {"name": "a\x00b"},
        {"expires_at": "tomorrow"},
        {"secret": "hs_live_mine"},
        {"tenant": "ten_other"},
        {"allowed_network": ["10.0.0.0/8"]},
    ],
)
def test_request_of_another_shape_makes_no_key(acme, acme_api, terms):
    assert code_of(issue(acme_api, **terms)) == (400, "request_invalid")
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    "terms",
    [
        {"allowed_networks": ["203.0.113.5/24"]},
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"not_before": "2099-02-01T00:00:00Z", "expires_at": "2099-01-01T00:00:00Z"},
    ],
)
def test_terms_that_no_key_can_have_are_422(acme, acme_api, terms):
    assert code_of(issue(acme_api, **terms)) == (422, "key_terms_invalid")


@pytest.mark.parametrize("terms", [{"scopes": ["match", "match:hash"]}, {"environment": "test"}])
def test_key_grants_nothing_that_it_lacks(acme, acme_api, terms):
    assert code_of(issue(acme_api, **terms)) == (403, "scope_exceeded")
    assert ApiKey.objects.count() == 1


def test_key_rotates_no_stronger_key(acme, api):
    keeper = api(acme.issue(scopes=["keys"]).secret)
    answer = post(keeper, f"/v1/keys/{acme.key.key_id}/rotate", {"overlap_seconds": 60})

    assert code_of(answer) == (403, "scope_exceeded")


Call = Callable[[Any, str], Any]
CALLS: dict[str, Call] = {
    "read": lambda client, key_id: client.get(f"/v1/keys/{key_id}"),
    "revoke": lambda client, key_id: client.delete(f"/v1/keys/{key_id}"),
    "rotate": lambda client, key_id: post(
        client, f"/v1/keys/{key_id}/rotate", {"overlap_seconds": 0}
    ),
    "page": lambda client, key_id: client.get(f"/v1/keys?cursor={key_id}"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_foreign_keys_and_missing_ones_answer_the_same(acme, rival, acme_api, call):
    of_the_other_environment = acme.issue(environment="test").key.key_id
    missing = keys.tokens.new_token("live")[0]
    ids = [missing, rival.key.key_id, of_the_other_environment, "nothing", "a%20b"]
    answers = [call(acme_api, key_id) for key_id in ids]
    faces = {
        answer.content.replace(answer.json()["request_id"].encode(), b"") for answer in answers
    }

    assert {answer.status_code for answer in answers} == {404}
    assert len(faces) == 1
    assert ApiKey.objects.filter(revoked_at=None, expires_at=None).count() == 3


def test_id_that_no_database_takes_is_missing_too(acme_api):
    assert code_of(acme_api.get("/v1/keys/%00")) == (404, "not_found")


def test_managing_keys_needs_its_scope(acme, api):
    client = api(acme.issue(scopes=["match"]).secret)
    answers = [client.get("/v1/keys"), issue(client)]
    answers += [call(client, acme.key.key_id) for call in CALLS.values()]

    assert {code_of(answer) for answer in answers} == {(403, "scope_missing")}


def test_every_call_leaves_exactly_one_event(acme, acme_api):
    other = acme.issue().key.key_id
    calls = {
        "key.read": lambda: acme_api.get("/v1/keys"),
        "key.issued": lambda: issue(acme_api),
        "key.rotated": lambda: CALLS["rotate"](acme_api, other),
        "key.revoked": lambda: CALLS["revoke"](acme_api, other),
        "request.refused": lambda: issue(acme_api, environment="test"),
    }
    for action, call in calls.items():
        before = AuditEvent.objects.count()
        call()
        assert AuditEvent.objects.count() == before + 1
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.key_id, event.tenant) == (action, acme.key.key_id, acme.tenant)


def test_test_keys_manage_test_keys(acme, acme_test_api):
    answer = issue(acme_test_api, environment="test").json()

    assert answer["secret"].startswith("hs_test_")
    shown = {key["environment"] for key in acme_test_api.get("/v1/keys").json()["keys"]}
    assert shown == {"test"}


def test_key_may_revoke_itself(acme, acme_api):
    assert CALLS["revoke"](acme_api, acme.key.key_id).status_code == 204
    assert acme_api.get("/v1/key").status_code == 401


def test_a_key_within_networks_and_dates_mints_within_them(acme, api):
    end = timezone.now() + datetime.timedelta(hours=1)
    minter = keys.issue(
        tenant=acme.tenant,
        name="bounded",
        environment="live",
        scopes=["keys", "match"],
        actor=NARRATOR,
        allowed_networks=["127.0.0.0/8"],
        expires_at=end,
    )
    client = api(minter.secret)

    assert code_of(issue(client)) == (403, "scope_exceeded")
    within = {"allowed_networks": ["127.0.0.1/32"], "expires_at": end.isoformat()}
    assert issue(client, **within).status_code == 201


def test_a_key_is_given_limits_of_its_own(acme_api):
    answer = issue(acme_api, limits={"burst": 5, "monthly_quota": 100})

    limits = {"requests_per_minute": None, "burst": 5, "monthly_quota": 100}
    assert answer.json()["limits"] == limits
    rotated = post(acme_api, f"/v1/keys/{answer.json()['id']}/rotate", {"overlap_seconds": 0})
    assert rotated.json()["limits"] == limits


@pytest.mark.parametrize("limits", [{"burst": 1_001}, {"requests_per_minute": 12_001}])
def test_a_key_gets_no_more_than_the_plan(acme_api, limits):
    assert code_of(issue(acme_api, limits=limits)) == (422, "key_terms_invalid")


@pytest.mark.parametrize("limits", [{"burst": 0}, {"burst": "5"}, {"burst": 2**31}, {"brust": 5}])
def test_limits_that_are_none_are_refused(acme_api, limits):
    assert code_of(issue(acme_api, limits=limits)) == (400, "request_invalid")


@pytest.mark.parametrize("limits", [{"burst": 6}, {}])
def test_a_limited_key_makes_none_that_may_more(acme, api, limits):
    limited = acme.issue(limits=Limits(burst=5))

    assert code_of(issue(api(limited.secret), limits=limits)) == (403, "scope_exceeded")


def test_a_limited_key_makes_others_within_its_limits(acme, api):
    limited = acme.issue(limits=Limits(burst=5))

    assert issue(api(limited.secret), limits={"burst": 5}).status_code == 201
