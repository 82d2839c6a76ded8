"""Images by their address, in the words of each contract that has them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client

from tests.cast import Customer
from tests.tenants.outgoing.hosts import HERE, answering, listening

pytestmark = pytest.mark.django_db
JPEG = "Content-Type: image/jpeg"


@pytest.fixture(autouse=True)
def fetching_allowed(acme: Customer, settings: Any) -> None:
    """Acme's plan has images by address, and one address of loopback plays the public host."""
    type(acme.tenant.plan).objects.update(url_matching=True)
    settings.OUTGOING_ALLOWED_NETWORKS, settings.OUTGOING_HTTP = [f"{HERE}/32"], True


def photodna(secret: str, url: str) -> Any:
    body = json.dumps({"DataRepresentation": "URL", "Value": url})
    client = Client(headers={"Ocp-Apim-Subscription-Key": secret})
    return client.post("/photodna/v1.0/Match", body, content_type="application/json")


def arachnid(secret: str, url: str) -> Any:
    pair = base64.b64encode(f"anybody:{secret}".encode()).decode()
    client = Client(headers={"Authorization": f"Basic {pair}"})
    return client.post("/v1/url/", json.dumps({"url": url}), content_type="application/json")


def test_photodna_finds_a_known_image_by_its_address(acme, known_entry, known_picture):
    with listening(answering(known_picture, "200 OK", JPEG)) as host:
        answer = photodna(acme.secret, f"http://{HERE}:{host.port}/photo.jpg").json()

    assert (answer["Status"]["Code"], answer["IsMatch"]) == (3000, True)


def test_photodna_says_that_a_private_address_was_not_checked(acme):
    answer = photodna(acme.secret, "http://10.0.0.1/photo.jpg").json()

    assert answer["Status"]["Code"] == 3002


def test_arachnid_finds_a_known_image_by_its_address(acme, known_entry, known_picture):
    with listening(answering(known_picture, "200 OK", JPEG)) as host:
        answer = arachnid(acme.secret, f"http://{HERE}:{host.port}/photo.jpg").json()

    assert (answer["classification"], answer["match_type"]) == ("csam", "exact")


def test_arachnid_says_that_a_private_address_was_not_checked(acme):
    answer = arachnid(acme.secret, "http://10.0.0.1/photo.jpg")

    assert (answer.status_code, set(answer.json())) == (422, {"detail"})
