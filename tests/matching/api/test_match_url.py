"""An image by its address: fetched for those whose plan has it, and never a silent negative."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from matching import fetching
from matching.models import Submission
from tests.cast import Customer
from tests.tenants.outgoing.hosts import ELSEWHERE, HERE, answering, listening, request_of

pytestmark = pytest.mark.django_db
JPEG = "Content-Type: image/jpeg"
Serve = Callable[[Any], None]


@pytest.fixture(autouse=True)
def fetching_allowed(acme: Customer, settings: Any) -> None:
    """Acme's plan has images by address, and one address of loopback plays the public host."""
    type(acme.tenant.plan).objects.update(url_matching=True)
    settings.OUTGOING_ALLOWED_NETWORKS, settings.OUTGOING_HTTP = [f"{HERE}/32"], True


def ask(client: Client, port: int, host: str = HERE) -> Any:
    body = json.dumps({"url": f"http://{host}:{port}/photo.jpg", "content_id": "mine"})
    return client.post("/v1/match", body, content_type="application/json")


def told(client: Client, serve: Serve) -> tuple[int, str]:
    with listening(serve) as host:
        answer = ask(client, host.port)
    return answer.status_code, answer.json().get("code")


def test_known_image_is_found_by_its_address(acme_api, known_entry, known_picture):
    with listening(answering(known_picture, "200 OK", JPEG)) as host:
        answer = ask(acme_api, host.port).json()

    assert (answer["verdict"], answer["content_id"]) == ("match", "mine")


def test_unknown_image_is_checked_by_its_address(acme_api, known_entry, unknown_picture):
    with listening(answering(unknown_picture, "200 OK", JPEG)) as host:
        assert ask(acme_api, host.port).json()["verdict"] == "no_known_match"


def test_plan_without_it_fetches_nothing(acme, acme_api, known_picture):
    type(acme.tenant.plan).objects.update(url_matching=False)
    with listening(answering(known_picture)) as host:
        answer = ask(acme_api, host.port)
        assert host.connections == 0

    assert (answer.status_code, answer.json()["code"]) == (422, "url_refused")
    assert "plan" in answer.json()["detail"]


def test_address_that_is_not_public_is_refused(acme_api, known_picture):
    with listening(answering(known_picture), ELSEWHERE) as forbidden:
        answer = ask(acme_api, forbidden.port, ELSEWHERE)
        assert forbidden.connections == 0

    assert (answer.status_code, answer.json()["code"]) == (422, "url_refused")


def silent(sock: Any) -> None:
    request_of(sock)


@pytest.mark.parametrize(
    ("serve", "expected"),
    [
        (answering(b"gone", "404 Not Found"), (422, "url_not_fetched")),
        (answering(b"", "302 Found", f"Location: http://{HERE}/"), (422, "url_not_fetched")),
        (answering(b"part", "206 Partial Content"), (422, "url_not_fetched")),
        (answering(b"", "200 OK", JPEG), (422, "url_not_fetched")),
        (silent, (422, "url_not_fetched")),
        (answering(b"<p>", "200 OK", "Content-Type: text/html"), (415, "unsupported_media_type")),
        (answering(b"<p>", "200 OK", JPEG), (415, "unsupported_media_type")),
    ],
    ids=["404", "redirect", "part", "empty", "silent", "a page", "a page that claims to be JPEG"],
)
def test_address_without_an_image_is_an_error_and_no_verdict(acme_api, serve, expected):
    assert told(acme_api, serve) == expected
    assert not Submission.objects.exists()


def test_image_beyond_the_limit_is_not_fetched(acme_api, settings, known_picture):
    settings.MAX_IMAGE_BYTES = 1_000
    assert told(acme_api, answering(known_picture, "200 OK", JPEG)) == (413, "image_too_large")


def test_slow_hosts_can_not_take_all_of_the_service(acme, acme_api, monkeypatch):
    monkeypatch.setattr(fetching, "WAIT_SECONDS", 0)
    monkeypatch.setattr(fetching, "_slots", threading.BoundedSemaphore(1))
    released, arrived = threading.Event(), threading.Event()

    def slow(sock: Any) -> None:
        request_of(sock)
        arrived.set()
        released.wait(30)

    def keep_busy(url: str) -> None:
        with pytest.raises(fetching.UrlNotFetched):
            fetching.fetch_image(tenant=tenant, url=url)

    tenant = type(acme.tenant).objects.select_related("plan").get(pk=acme.tenant.pk)
    with listening(slow) as host:
        first = threading.Thread(target=keep_busy, args=(f"http://{HERE}:{host.port}/",))
        first.start()
        arrived.wait(30)
        answer = ask(acme_api, host.port)
        released.set()
        first.join()

    assert (answer.status_code, answer.json()["code"]) == (503, "fetcher_busy")
    assert "Retry-After" in answer
