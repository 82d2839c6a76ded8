"""Objects that customers own, made for the tenant of a key: each is told of by its id."""

from __future__ import annotations

import datetime
import json

from django.contrib.auth.models import User
from django.test import Client

from matching.batches import work_on
from matching.curation import EntryDraft, add_entry, approve_entry
from matching.hashing import Signal, SignalType
from matching.models import Batch, CyberTip, HashList, Match, PeriodReport
from tenants.acting import SERVICE, acting_as
from tenants.models import WebhookDelivery, WebhookEndpoint
from tenants.webhooks import enqueue
from tenants.writes import write_together
from tests.cast import Customer
from tests.matching.lists import make_list

KNOWN = bytes(range(16))


def submission_id(customer: Customer, secret: str) -> str:
    body = json.dumps({"items": [{"md5": KNOWN.hex()}]})
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    answer = client.post("/v1/match/hashes", body, content_type="application/json")
    return str(answer.json()["results"][0]["submission_id"])


def match_id(customer: Customer, secret: str) -> str:
    adder, approver = (
        User.objects.get_or_create(username=name, is_staff=True)[0] for name in ("ada", "grace")
    )
    kind = secret.split("_")[1]
    slug = f"{kind}-list"
    if not HashList.objects.filter(slug=slug).exists():
        draft = EntryDraft([Signal(SignalType.MD5, KNOWN)])
        entry = add_entry(hash_list=make_list(slug, kind=kind), draft=draft, actor=adder)
        approve_entry(entry=entry, actor=approver)
    submission_id(customer, secret)
    return str(Match.objects.filter(tenant=customer.tenant, list_slug=slug).latest("pk").public_id)


def report_id(customer: Customer, secret: str) -> str:
    match = Match.objects.get(public_id=match_id(customer, secret))
    draft = CyberTip.objects.create(tenant=customer.tenant, match=match, document="<report/>")
    return str(draft.public_id)


def period_report_id(customer: Customer, secret: str) -> str:
    day, kind = datetime.date(2026, 1, 1), secret.split("_")[1]
    report = PeriodReport.objects.create(
        tenant=customer.tenant, environment=kind, first_day=day, last_day=day
    )
    return str(report.public_id)


def batch_id(customer: Customer, secret: str) -> str:
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    body = json.dumps({"md5": KNOWN.hex()})
    answer = client.post("/v1/batches", body, content_type="application/x-ndjson")
    with acting_as(SERVICE):
        batch = Batch.objects.get(public_id=answer.json()["batch_id"])
        work_on(batch=batch, seconds=10)
    return str(batch.public_id)


def key_id(customer: Customer, secret: str) -> str:
    return customer.issue(environment=secret.split("_")[1]).key.key_id


def webhook_id(customer: Customer, secret: str) -> str:
    return WebhookEndpoint.objects.create(
        tenant=customer.tenant,
        environment=secret.split("_")[1],
        url="https://8.8.8.8/",
        events=["match.found"],
    ).public_id


def delivery_id(customer: Customer, secret: str) -> str:
    webhook_id(customer, secret)
    environment = secret.split("_")[1]
    data = {"tenant": customer.tenant, "environment": environment, "data": {}}
    write_together([enqueue(event="match.found", **data)])
    return WebhookDelivery.objects.latest("pk").public_id
