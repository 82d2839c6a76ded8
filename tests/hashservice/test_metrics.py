"""`/metrics`: for the operator's Prometheus alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tenants import usage
from tests.cast import Customer

pytestmark = pytest.mark.django_db
SAMPLE = re.compile(r'hashservice_[a-z_]+(\{[a-z]+="[a-z_]+"\})? -?[0-9.e+]+')


@pytest.fixture
def token(settings: Any) -> str:
    settings.METRICS_TOKEN = "a-token-of-the-operator"
    return "a-token-of-the-operator"


def scrape(client: Client, token: str) -> dict[str, float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    rows = [row for row in answer.content.decode().splitlines() if not row.startswith("#")]
    assert all(SAMPLE.fullmatch(row) for row in rows), rows
    return {name: float(value) for name, value in (row.rsplit(" ", 1) for row in rows)}


def test_figures_of_all_tenants_are_added_up(client, token, acme: Customer, rival: Customer):
    for customer in (acme, rival):
        usage.count(tenant=customer.tenant, environment="live", submissions=3)

    assert scrape(client, token)['hashservice_submissions_total{environment="live"}'] == 6


def test_parts_and_queues_are_told(client, token):
    told = scrape(client, token)

    assert told['hashservice_ready{part="database"}'] == 1
    assert told['hashservice_waiting{queue="batch_lots"}'] == 0
    assert told["hashservice_audit_unsealed_seconds"] >= 0


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer wrong", "Bearer ä"])
def test_nobody_else_learns_that_there_are_any(client, token, authorization):
    assert client.get("/metrics", headers={"Authorization": authorization}).status_code == 404


def test_without_a_token_there_are_none(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_tenant_s_key_opens_nothing(client, token, acme: Customer):
    secret = acme.issue().secret

    assert client.get("/metrics", headers={"Authorization": f"Bearer {secret}"}).status_code == 404
