"""`/v1/audit/…`: a tenant reads its own log, and proves it with the stand-alone verifier."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import json

import pytest

from hashservice.database import OWNER, RUNTIME
from tenants.audit import checkpoints, verify
from tenants.audit.record import Actor, record
from tenants.audit.seal import seal_pending
from tenants.models import AuditEvent, AuditSeal

pytestmark = pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])


def act(tenant, **particulars):
    terms = {"action": "key.read", "actor": Actor.system("tests"), **particulars}
    record(tenant=tenant, **terms)


def act_often(tenant, count):
    for number in range(count):
        act(tenant, target=str(number))
    seal_pending()


def events(api, **query):
    response = api.get("/v1/audit/events", query)
    assert response.status_code == 200, response.content
    return response.json()


def report(api, **query):
    response = api.get("/v1/audit/report", query)
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def key_of(customer):
    return checkpoints.public_key(checkpoints.origin_of(customer.tenant))


def verified(text, customer, **known):
    return verify.verify_report(
        verify.read_records(io.StringIO(text, newline="")), key=key_of(customer), **known
    )


def test_event_has_the_contracts_fields_and_hashes_to_its_leaf(acme, acme_api):
    act(acme.tenant, target="τ=1", data={"b": [1, None], "a": "ü"})
    seal_pending()

    event = events(acme_api)["events"][-1]

    assert {"sequence", "at", "actor", "action", "target", "request_id", "data"} < set(event)
    assert (event["actor"], event["target"]) == ("tests", "τ=1")
    leaf = event.pop("leaf_hash")
    assert verify.leaf_hash(verify.canonical(event)).hex() == leaf


def test_rival_sees_nothing_of_acme(acme, acme_api, rival_api):
    act_often(acme.tenant, 3)

    assert {event["log"] for event in events(acme_api)["events"]} == {acme.tenant.public_id}
    assert acme.tenant.public_id not in json.dumps(events(rival_api))
    assert acme.tenant.public_id not in report(rival_api)


@pytest.mark.parametrize("what", ["events", "report", "checkpoint", "proof", "consistency"])
def test_scope_is_needed(acme, api, what):
    key = acme.issue(scopes=["match"])

    assert api(key.secret).get(f"/v1/audit/{what}").json()["code"] == "scope_missing"


@pytest.mark.parametrize(
    ("address", "action"),
    [
        ("events", "audit.read"),
        ("report", "audit.exported"),
        ("checkpoint", "audit.read"),
        ("proof?sequence=0", "audit.read"),
        ("consistency?from_size=1", "audit.read"),
    ],
)
def test_every_look_is_recorded_once(acme, acme_api, address, action):
    seal_pending()
    before = AuditEvent.objects.count()

    response = acme_api.get(f"/v1/audit/{address}")

    assert response.status_code == 200
    assert AuditEvent.objects.count() == before + 1
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.tenant, event.status) == (action, acme.tenant, 200)


def test_pages_add_up_to_the_log_though_each_is_an_event_itself(acme, acme_api):
    act_often(acme.tenant, 20)
    size = AuditSeal.objects.filter(tenant=acme.tenant).count()

    found, cursor = [], {}
    while cursor is not None:
        page = events(acme_api, limit=3, **cursor)
        seal_pending()
        found += [event["sequence"] for event in page["events"]]
        cursor = page["next"] and {"cursor": page["next"]}

    assert found == list(range(size))


def test_events_are_filtered(acme, acme_api):
    act(acme.tenant, action="key.revoked", actor=Actor.system("somebody"))
    seal_pending()
    tomorrow = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).date()

    assert len(events(acme_api, action="key.revoked")["events"]) == 1
    assert len(events(acme_api, actor="somebody")["events"]) == 1
    assert not events(acme_api, actor="nobody")["events"]
    assert not events(acme_api, **{"from": tomorrow.isoformat()})["events"]
    assert events(acme_api, to=tomorrow.isoformat())["events"]


def test_day_as_the_end_is_part_of_the_period(acme, acme_api):
    seal_pending()
    at = AuditEvent.objects.filter(tenant=acme.tenant).earliest("id").at

    day = at.date().isoformat()
    assert events(acme_api, **{"from": day, "to": day})["events"]
    assert not events(acme_api, to=f"{day}T00:00:00Z")["events"]


@pytest.mark.parametrize(
    "query",
    [
        "events?limit=0",
        "events?limit=1001",
        "events?cursor=nonsense",
        "events?action=key.stolen",
        "events?from=yesterday",
        "events?from=2026-13-45",
        "events?from=2026-11-22&to=2026-11-01",
        "report?format=xlsx",
        "proof",
        "proof?sequence=-1",
        "consistency?from_size=x",
    ],
)
def test_senseless_questions_are_refused(acme, acme_api, query):
    response = acme_api.get(f"/v1/audit/{query}")

    assert (response.status_code, response.json()["code"]) == (400, "request_invalid")


@pytest.mark.parametrize("query", ["proof?sequence=9999", "consistency?from_size=9999"])
def test_what_is_not_sealed_is_not_found(acme, acme_api, query):
    seal_pending()

    assert acme_api.get(f"/v1/audit/{query}").status_code == 404


def test_sizes_the_wrong_way_round_prove_nothing(acme, acme_api):
    seal_pending()

    assert acme_api.get("/v1/audit/consistency?from_size=2&to_size=1").status_code == 404


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_whole_report_is_verified(acme, acme_api, form):
    act_often(acme.tenant, 7)
    seal_pending()

    whole = verified(report(acme_api, format=form), acme)

    size = AuditSeal.objects.filter(tenant=acme.tenant).count()
    assert (whole.first, whole.end, whole.size) == (0, size, size)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_any_period_is_verified_and_shows_only_what_lies_in_it(acme, acme_api, form):
    act_often(acme.tenant, 12)
    times = list(
        AuditEvent.objects.filter(tenant=acme.tenant).order_by("id").values_list("at", flat=True)
    )

    for since, until in itertools.combinations(range(0, len(times), 3), 2):
        period = {"from": times[since].isoformat(), "to": times[until].isoformat()}
        whole = verified(report(acme_api, format=form, **period), acme)
        assert (whole.first, whole.end) == (since, until)


def test_event_sealed_among_those_of_the_period_shows_its_hash_alone(acme, acme_api):
    act_often(acme.tenant, 1)
    stray = AuditEvent.objects.create(
        actor_kind="system",
        action="key.read",
        outcome="success",
        tenant=acme.tenant,
        target="of another year",
        at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    )
    act_often(acme.tenant, 1)

    text = report(acme_api, **{"from": "2021-01-01"})

    assert stray.target not in text
    assert verified(text, acme).withheld == 1


def test_totals_are_those_of_the_rows(acme, acme_api):
    act_often(acme.tenant, 5)

    head, *rows, _ = map(json.loads, report(acme_api).splitlines())

    totals = head["report"]["totals"]
    assert totals["events"] == len(rows)
    assert totals["by_action"]["key.read"] == sum(row["action"] == "key.read" for row in rows)


def test_empty_period_is_a_report_too(acme, acme_api):
    seal_pending()

    whole = verified(report(acme_api, **{"from": "2001-01-01", "to": "2001-01-02"}), acme)

    assert whole.first == whole.end


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "'=1", "\n=1", '"x"\r\n,'])
def test_no_cell_is_a_formula_and_every_cell_comes_back(acme, acme_api, text):
    act(acme.tenant, target=text)
    seal_pending()

    exported = report(acme_api, format="csv")

    cells = [cell for row in csv.reader(io.StringIO(exported, newline="")) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)
    verified(exported, acme)


def test_checkpoint_is_a_c2sp_note_signed_by_the_logs_key(acme, acme_api):
    seal_pending()

    response = acme_api.get("/v1/audit/checkpoint")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    signed = verify.read_checkpoint(response.content.decode(), key_of(acme))
    assert signed.origin == f"127.0.0.1:8000/audit/{acme.tenant.public_id}"
    assert signed.size == AuditSeal.objects.filter(tenant=acme.tenant).count()


def test_every_event_is_proven_by_its_proof(acme, acme_api):
    act_often(acme.tenant, 5)

    for event in events(acme_api)["events"]:
        proof = acme_api.get("/v1/audit/proof", {"sequence": event["sequence"]}).json()
        verify.verify_event(event, proof, key=proof["public_key"])
        assert proof["leaf_hash"] == event["leaf_hash"]


def test_proof_holds_for_its_event_alone(acme, acme_api):
    act_often(acme.tenant, 5)
    first, second, *_ = events(acme_api)["events"]
    proof = acme_api.get("/v1/audit/proof", {"sequence": first["sequence"]}).json()

    with pytest.raises(verify.Tampered, match="sequence 1"):
        verify.verify_event(second, proof, key=key_of(acme))


def test_later_log_is_proven_to_begin_with_the_earlier(acme, acme_api):
    seal_pending()
    earlier = acme_api.get("/v1/audit/checkpoint").content.decode()
    act_often(acme.tenant, 9)
    later = acme_api.get("/v1/audit/checkpoint").content.decode()
    old, new = (verify.read_checkpoint(note, key_of(acme)) for note in (earlier, later))

    proof = acme_api.get(
        "/v1/audit/consistency", {"from_size": old.size, "to_size": new.size}
    ).json()

    assert verify.consistent(old, new, [bytes.fromhex(node) for node in proof["consistency"]])
    assert (proof["from_root"], proof["to_root"]) == (old.root.hex(), new.root.hex())


def test_inclusion_proof_takes_less_than_two_kilobytes(acme, acme_api):
    act_often(acme.tenant, 30)

    answer = acme_api.get("/v1/audit/proof", {"sequence": 7})

    nodes = len(answer.json()["audit_path"])
    of_a_million_events = len(answer.content) + (20 - nodes) * len(f'"{bytes(32).hex()}", ')
    assert of_a_million_events <= 2048
