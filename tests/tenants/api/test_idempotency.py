"""`Idempotency-Key`: one effect, and its answer again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, connections
from django.db.models.functions import Now
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from hashservice.database import OWNER, RUNTIME
from hashservice.urls import urlpatterns
from matching.api.batches import BatchesView
from matching.dialects.foreign import ForeignView
from matching.models import Submission
from tenants.api.idempotency import answers, once
from tenants.api.leaks import LeakedKeysView
from tenants.models import ApiKey, AuditEvent, KeptAnswer
from tenants.tasks import forget_kept_answers
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db
TERMS = {"name": "upload server", "environment": "live", "scopes": ["match"]}
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def issue(client: Client, idempotency_key: str = "one", **terms: object) -> Any:
    return client.post(
        "/v1/keys",
        json.dumps({**TERMS, **terms}),
        content_type="application/json",
        headers={"Idempotency-Key": idempotency_key},
    )


def ask(client: Client, idempotency_key: str = "one", path: str = "/v1/match/hashes") -> Any:
    return client.post(
        path,
        json.dumps({"items": [{"md5": EMPTY_MD5}]}),
        content_type="application/json",
        headers={"Idempotency-Key": idempotency_key},
    )


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_second_call_gets_the_first_answer_byte_for_byte(acme_api):
    first, second = ask(acme_api), ask(acme_api)

    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second["Content-Type"] == first["Content-Type"]
    assert Submission.objects.count() == 1


def test_only_a_repeated_answer_says_that_it_is_one(acme_api):
    assert "Idempotent-Replayed" not in ask(acme_api)
    assert ask(acme_api)["Idempotent-Replayed"] == "true"


def test_calls_without_the_header_are_not_kept_and_cost_nothing(
    acme_api, django_assert_num_queries
):
    body = json.dumps({"items": [{"md5": EMPTY_MD5}]})
    acme_api.post("/v1/match/hashes", body, content_type="application/json")
    with django_assert_num_queries(2):
        acme_api.post("/v1/match/hashes", body, content_type="application/json")

    assert not KeptAnswer.objects.exists()


def test_issued_key_is_shown_again_to_the_key_that_issued_it(acme_api):
    first, second = issue(acme_api), issue(acme_api)

    assert first.status_code == second.status_code == 201
    assert first.json()["secret"] == second.json()["secret"]
    assert ApiKey.objects.count() == 2


def test_issued_key_is_not_shown_to_another_key(acme, acme_api, api):
    first = issue(acme_api).json()
    other = issue(api(acme.issue().secret)).json()

    assert first["secret"] != other["secret"]


def test_kept_secret_is_nowhere_in_the_database(acme_api):
    secret = issue(acme_api).json()["secret"].rpartition("_")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT whole_row::text FROM tenants_keptanswer whole_row")
        [(dump,)] = cursor.fetchall()

    assert secret not in dump
    assert secret.encode().hex() not in dump


def test_kept_answer_opens_for_its_own_call_only(acme_api, acme):
    issue(acme_api, "one")
    issue(acme_api, "two", name="another")
    sealed = KeptAnswer.objects.order_by("pk").first().sealed_body
    KeptAnswer.objects.update(sealed_body=sealed)

    assert issue(acme_api, "one").status_code == 201
    assert code_of(issue(acme_api, "two", name="another")) == (409, "conflict")
    assert ApiKey.objects.count() == 3


def test_answer_is_read_under_the_previous_pepper(acme, api, settings):
    first = ask(api(acme.secret))
    settings.API_KEY_PEPPER_PREVIOUS = settings.API_KEY_PEPPER
    settings.API_KEY_PEPPER = "a new pepper"

    assert ask(api(acme.secret)).content == first.content


@pytest.mark.parametrize(
    "change", [{"name": "other"}, {"scopes": ["match", "batch"]}, {"expires_at": None}]
)
def test_another_payload_is_refused(acme_api, change):
    issue(acme_api)

    assert code_of(issue(acme_api, **change)) == (422, "idempotency_mismatch")
    assert ApiKey.objects.count() == 2


def test_another_query_is_another_payload(acme_api):
    ask(acme_api)

    assert ask(acme_api, path="/v1/match/hashes?x=1").status_code == 422


def test_key_belongs_to_its_route(acme_api):
    issue(acme_api)

    assert ask(acme_api).status_code == 200


def test_key_belongs_to_its_tenant_and_environment(acme_api, rival_api, acme_test_api):
    ids = {
        ask(client).json()["results"][0]["submission_id"]
        for client in (acme_api, rival_api, acme_test_api)
    }

    assert len(ids) == 3


def test_another_key_of_the_tenant_gets_the_answer_too(acme, acme_api, api):
    assert ask(api(acme.issue().secret)).content == ask(acme_api).content


def test_repeated_answer_needs_the_scope_like_the_first(acme, acme_api, api):
    ask(acme_api)
    client = api(acme.issue(scopes=["feedback"]).secret)

    assert code_of(ask(client)) == (403, "scope_missing")


def test_refusals_are_kept_too(acme_api):
    first, second = issue(acme_api, scopes=["nothing"]), issue(acme_api, scopes=["nothing"])

    assert first.status_code == 400
    assert second.content == first.content


def test_no_answer_is_kept_that_asks_to_come_back(acme, acme_api):
    plan = acme.tenant.plan
    plan.burst, plan.requests_per_minute = 1, 1
    plan.save()

    assert [ask(acme_api, key).status_code for key in ("a", "b")] == [200, 429]
    assert KeptAnswer.objects.count() == 1


def test_picture_in_a_form_is_the_same_with_another_boundary(acme_api):
    picture = as_bytes(render_picture(2), "JPEG")

    def submit(boundary: str) -> Any:
        form = {"image": SimpleUploadedFile("a.jpg", picture), "content_id": "mine"}
        return acme_api.post(
            "/v1/match",
            encode_multipart(boundary, form),
            content_type=MULTIPART_CONTENT.replace(BOUNDARY, boundary),
            headers={"Idempotency-Key": "one"},
        )

    assert submit("first-try").content == submit("second-try").content
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_key_that_is_empty_or_too_long_is_refused(acme_api, name):
    assert code_of(ask(acme_api, name)) == (400, "request_invalid")


def test_key_of_255_characters_is_fine(acme_api):
    assert ask(acme_api, "x" * 255).status_code == 200


def break_keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(once, "keep", fail)


def test_effect_whose_answer_is_lost_never_was(acme_api, monkeypatch):
    with monkeypatch.context() as patch:
        break_keeping(patch)
        answer = issue(acme_api)

    assert code_of(answer) == (503, "database_unavailable")
    assert ApiKey.objects.count() == 1
    assert issue(acme_api).status_code == 201
    assert ApiKey.objects.count() == 2


def test_failure_of_ours_is_not_kept_and_has_its_event(acme_api, monkeypatch):
    def fail(**_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("tenants.keys.issue", fail)
        assert issue(acme_api).status_code == 500

    assert AuditEvent.objects.latest("pk").action == "request.failed"
    assert issue(acme_api).status_code == 201


def test_expired_answer_makes_room(acme_api):
    first = issue(acme_api)
    KeptAnswer.objects.update(expires_at=Now())
    second = issue(acme_api)

    assert first.json()["id"] != second.json()["id"]
    assert issue(acme_api).content == second.content


def test_expired_answers_are_removed(acme_api):
    issue(acme_api, "old")
    KeptAnswer.objects.update(expires_at=Now())
    issue(acme_api, "new")

    assert forget_kept_answers() == 1
    assert KeptAnswer.objects.count() == 1


def test_every_answer_has_exactly_one_event(acme_api):
    for call in (issue, issue, ask, ask):
        before = AuditEvent.objects.count()
        call(acme_api)
        assert AuditEvent.objects.count() == before + 1


def test_every_post_heeds_the_header():
    views = [getattr(getattr(route, "callback", None), "cls", None) for route in urlpatterns]
    posts = {view: view.post for view in views if hasattr(view, "post")}

    without = [view for view, post in posts.items() if not hasattr(post, "is_idempotent")]

    ours = {view for view in without if not issubclass(view, ForeignView)}
    assert posts
    # One asks for no key, and its effect comes but once anyway; the other heeds it further inside.
    assert ours == {LeakedKeysView, BatchesView}
    assert BatchesView._accepted.is_idempotent


def at_once(call: Callable[[int], Any], times: int) -> list[Any]:
    """Call from so many threads, each with a connection of its own."""
    start = threading.Barrier(times)

    def run(number: int) -> Any:
        start.wait()
        try:
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
def test_fifty_calls_at_once_have_one_effect_and_one_answer(acme, api):
    client = api(acme.secret)
    answers_given = at_once(lambda _: issue(client), 50)
    settled = issue(client)

    assert ApiKey.objects.count() == 2
    good = {answer.content for answer in answers_given if answer.status_code == 201}
    assert good == {settled.content}
    others = {code_of(answer) for answer in answers_given if answer.status_code != 201}
    assert others <= {(409, "conflict")}


@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
def test_call_that_still_runs_is_a_conflict(acme, api, monkeypatch):
    client = api(acme.secret)
    heard: list[Any] = []

    def keep(*args: Any) -> None:
        heard.extend(at_once(lambda _: issue(client), 1))
        answers.keep(*args)

    monkeypatch.setattr(once, "keep", keep)
    issue(client)

    assert [code_of(answer) for answer in heard] == [(409, "conflict")]
    assert heard[0]["Retry-After"] == "1"
