"""Guards stop what can not be right, and put it before the curators."""

from __future__ import annotations

import datetime
import random

import numpy as np
import pytest
from django.utils import timezone

from hashservice.canaries import add_picture
from matching.curation import (
    Conflict,
    alarms,
    approve_decision,
    check_canaries,
    is_flat,
    propose_list_state,
    propose_resuming,
    publish_list,
    suspend_floods,
)
from matching.curation.floods import FEWEST_FILES
from matching.curation.screening import check_signal
from matching.feedback import give_feedback
from matching.hashing import Signal, SignalInvalid, SignalType
from matching.importers.exchanges import connect, disconnect
from matching.models import (
    Canary,
    Exchange,
    GuardCheck,
    HashEntry,
    ListState,
    Match,
    ReviewItem,
    Submission,
)
from tenants.audit.record import Actor
from tenants.models import Tenant
from tests.cast import make_customer
from tests.matching.lists import make_active, make_list
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def canary(known_picture: bytes) -> Canary:
    add_picture(name="ordinary", data=known_picture)
    return Canary.objects.get()


def test_canary_keeps_hashes_alone(canary):
    assert len(bytes(canary.pdq)) % 32 == 0
    assert set(Canary.objects.values().get()) == {
        *("id", "name", "md5", "sha1", "sha256", "pdq", "created_at")
    }


def test_entry_that_meets_a_canary_is_stopped_and_its_list_frozen(canary, known_entry, ncmec):
    check_canaries()

    known_entry.refresh_from_db()
    ncmec.refresh_from_db()
    assert (known_entry.state, ncmec.state) == ("suspended", ListState.SUSPENDED)
    assert ReviewItem.objects.get().evidence["canary"] == "ordinary"


def test_altered_copy_of_a_canary_is_met(canary, ncmec, curator, second_curator):
    turned = as_bytes(render_picture(1).resize((320, 240)).rotate(90, expand=True), "PNG")
    entry = make_active(ncmec, turned, by=curator, approver=second_curator)

    assert check_canaries() == [entry]


def test_lists_that_did_not_change_are_looked_at_once_an_hour(canary, ncmec, known_entry):
    HashEntry.objects.filter(pk=known_entry.pk).update(state="suspended")
    first = check_canaries()

    assert (first, check_canaries()) == ([], [])


def test_new_canary_is_looked_for_at_once(known_entry, known_picture):
    check_canaries()
    GuardCheck.objects.update(checked_at=timezone.now() - datetime.timedelta(minutes=1))
    add_picture(name="ordinary", data=known_picture)

    assert check_canaries() == [known_entry]


def test_newest_list_is_the_one_frozen(canary, known_picture, curator, second_curator):
    older, newer = make_list("older"), make_list("newer")
    for hash_list in (older, newer):
        make_active(hash_list, known_picture, by=curator, approver=second_curator)
    check_canaries()

    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.state, newer.state) == (ListState.ACTIVE, ListState.SUSPENDED)


def test_test_lists_may_hold_ordinary_pictures(canary, known_picture, curator, second_curator):
    benign = make_list("benign", kind="test")
    make_active(benign, known_picture, by=curator, approver=second_curator)

    assert check_canaries() == []


def test_list_with_a_canary_is_not_published(canary, known_picture, curator, second_curator):
    waiting = make_list("waiting", state="quarantine")
    entry = make_active(waiting, known_picture, by=curator, approver=second_curator)
    decision = propose_list_state(
        hash_list=waiting, state=ListState.ACTIVE, actor=curator, reason="complete"
    )

    with pytest.raises(Conflict):
        approve_decision(decision=decision, actor=second_curator)
    entry.refresh_from_db()
    assert entry.state == "suspended"


def test_draft_with_a_canary_goes_into_quarantine(canary, known_picture, curator, second_curator):
    draft = make_list("draft", state="draft")
    make_active(draft, known_picture, by=curator, approver=second_curator)
    published = publish_list(
        hash_list=draft, proposed_by=curator, approved_by=second_curator, reason="r"
    )

    draft.refresh_from_db()
    assert (published, draft.state) == (False, ListState.QUARANTINE)


def matched(entry: HashEntry, tenant: Tenant, count: int, seed: int = 0) -> list[Match]:
    noise = random.Random(seed)
    submissions = Submission.objects.bulk_create(
        Submission(
            tenant=tenant,
            key_id="k",
            environment="live",
            sha256=noise.randbytes(32),
            verdict="match",
            lists_version=1,
            lists_version_label="x",
        )
        for _ in range(count)
    )
    return Match.objects.bulk_create(
        Match(
            tenant=tenant,
            submission=one,
            entry=entry,
            list_slug="ncmec",
            source="NCMEC",
            violation="A1",
            match_type="near",
        )
        for one in submissions
    )


def test_entry_that_matches_too_many_files_is_stopped(known_entry, acme):
    matched(known_entry, acme.tenant, FEWEST_FILES)

    assert suspend_floods() == [known_entry]
    assert ReviewItem.objects.get().evidence["share"] == 1


def test_few_files_are_no_flood(known_entry, acme):
    matched(known_entry, acme.tenant, FEWEST_FILES - 1)

    assert suspend_floods() == []


def test_one_file_again_and_again_is_no_flood(known_entry, acme):
    matched(known_entry, acme.tenant, FEWEST_FILES)
    Submission.objects.update(sha256=bytes(32))

    assert suspend_floods() == []


def test_flood_of_yesterday_counts_no_more(known_entry, acme):
    matched(known_entry, acme.tenant, FEWEST_FILES)
    Match.objects.update(created_at=timezone.now() - datetime.timedelta(hours=2))

    assert suspend_floods() == []


@pytest.mark.parametrize(("tenants", "stopped"), [(2, 0), (3, 1)])
def test_three_tenants_stop_an_entry(known_entry, tenants, stopped):
    for number in range(tenants):
        customer = make_customer(f"Customer {number}")
        [match] = matched(known_entry, customer.tenant, 1, seed=number)
        give_feedback(match=match, verdict="false_positive", actor=Actor.key(customer.key))

    assert len(suspend_floods()) == stopped


def test_entry_that_two_curators_resumed_stays(known_entry, acme, curator, second_curator):
    matched(known_entry, acme.tenant, FEWEST_FILES)
    suspend_floods()
    decision = propose_resuming(entry=known_entry, actor=curator, reason="it is right")
    approve_decision(decision=decision, actor=second_curator)

    assert suspend_floods() == []


def test_degenerate_hashes_are_refused():
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 2, (16, 16), dtype=np.uint8)
    symmetric = np.packbits(np.triu(bits) | np.triu(bits, 1).T).tobytes()
    striped = bits.copy()
    striped[:, ::2] = 0
    striped[:, 1::2] = 1
    for value in (bytes(32), symmetric, np.packbits(striped).tobytes()):
        with pytest.raises(SignalInvalid):
            check_signal(Signal(SignalType.PDQ, value, 100))
    check_signal(Signal(SignalType.PDQ, np.packbits(bits).tobytes(), 100))
    assert is_flat(Signal(SignalType.PDQ, np.packbits(bits).tobytes(), 49))


def test_list_that_was_not_refreshed_raises_an_alarm(ncmec, client):
    ncmec.fresh_for_days = 7
    ncmec.created_at = timezone.now() - datetime.timedelta(days=8)
    ncmec.save(update_fields=["fresh_for_days", "created_at"])

    assert alarms() == ["list ncmec was not imported for more than 7 days"]
    assert client.get("/readyz").json()["alarms"] == alarms()


def poll_of(hash_list, curator, **fields):
    """An exchange that should have been read every hour, since ten hours."""
    exchange = connect(hash_list=hash_list, kind="ncmec", minutes=60, actor=curator)
    long_ago = timezone.now() - datetime.timedelta(hours=10)
    Exchange.objects.filter(pk=exchange.pk).update(**{"created_at": long_ago, **fields})
    return exchange


def test_exchange_that_was_never_read_to_its_end_raises_an_alarm(ncmec, curator, client):
    poll_of(ncmec, curator)

    assert alarms() == ["NCMEC hash sharing for ncmec was never read to its end"]
    assert client.get("/readyz").json()["alarms"] == alarms()


def test_exchange_that_grew_late_says_since_when(ncmec, curator):
    at = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)
    poll_of(ncmec, curator, succeeded_at=at)

    assert alarms() == ["NCMEC hash sharing for ncmec was last read to its end at 2026-01-02 03:04"]


def test_exchange_in_time_raises_no_alarm(ncmec, curator):
    poll_of(ncmec, curator, succeeded_at=timezone.now() - datetime.timedelta(hours=2))

    assert alarms() == []


def test_exchange_that_is_off_raises_no_alarm(ncmec, curator):
    disconnect(exchange=poll_of(ncmec, curator), actor=curator)

    assert alarms() == []
