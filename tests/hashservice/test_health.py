"""Alive and ready are different questions."""

from __future__ import annotations

import pytest

from matching.models import ListsVersion, Snapshot
from matching.snapshot import live


def test_livez_needs_no_database(client):
    assert client.get("/livez").status_code == 200


@pytest.mark.django_db
def test_readyz_is_ready_when_everything_is_there(client):
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"ready": True, "wrong": {}})


@pytest.mark.django_db
def test_readyz_names_a_lost_index(client):
    lost = Snapshot.objects.create(version=0, directory="v0-lost", hashes=0)
    ListsVersion.objects.update(snapshot=lost)
    live.unload()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert "index" in response.json()["wrong"]
