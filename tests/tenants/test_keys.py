"""The life of a key."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tenants import keys
from tenants.audit.record import Actor
from tenants.keys import DEFAULT_SCOPES, SCOPES, KeyInvalid, KeyTermsInvalid, ScopeExceeded
from tenants.models import ApiKey, AuditEvent
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def refusal(secret: str, address: str | None = None) -> KeyInvalid:
    with pytest.raises(KeyInvalid) as caught:
        keys.verify(token=secret, address=address)
    return caught.value


def test_issued_key_is_verified_with_its_tenant(acme):
    key = keys.verify(token=acme.secret, address=None)

    assert (key, key.tenant) == (acme.key, acme.tenant)


def test_verifying_costs_one_query_once_its_use_is_noted(acme, django_assert_num_queries):
    keys.verify(token=acme.secret, address=None)

    with django_assert_num_queries(1):
        key = keys.verify(token=acme.secret, address=None)
        assert key.tenant.plan.burst


def test_unknown_id_and_wrong_secret_cost_the_same_queries(acme, django_assert_num_queries):
    known, unknown = keys.tokens.new_token("live"), keys.tokens.new_token("live")
    ApiKey.objects.filter(pk=acme.key.pk).update(key_id=known[0])

    for _, token in (known, unknown):
        with django_assert_num_queries(1):
            refusal(token)


def test_unknown_id_reads_as_many_rows_and_is_no_key_all_the_same(acme, rival):
    key_id, token = keys.tokens.new_token("live")

    with connection.cursor() as cursor:
        cursor.execute("SELECT key_id FROM tenants_key_shown(%s)", [key_id])
        [(read_instead,)] = cursor.fetchall()
    assert read_instead != key_id
    assert refusal(token).reason == "unknown"


def test_each_id_reads_its_own_key(acme, rival):
    for customer in (acme, rival):
        assert keys.verify(token=customer.secret, address=None) == customer.key


def test_key_of_another_pepper_is_refused(acme, settings):
    settings.API_KEY_PEPPER = "another pepper"

    assert refusal(acme.secret).reason == "unknown"


def test_revoked_key_is_refused_at_once(acme):
    keys.verify(token=acme.secret, address=None)
    keys.revoke(key=acme.key, actor=NARRATOR, reason="leaked")

    assert refusal(acme.secret).reason == "revoked"
    assert AuditEvent.objects.get(action="key.revoked").data == {"reason": "leaked"}


def test_second_revocation_keeps_the_first_date(acme):
    first = keys.revoke(key=acme.key, actor=NARRATOR)

    assert keys.revoke(key=acme.key, actor=NARRATOR).revoked_at == first.revoked_at


def test_expired_key_is_refused(acme):
    ApiKey.objects.filter(pk=acme.key.pk).update(expires_at=timezone.now() - HOUR)

    assert refusal(acme.secret).reason == "expired"


def test_key_is_refused_before_it_begins(acme):
    issued = acme.issue(not_before=timezone.now() + HOUR)

    assert refusal(issued.secret).reason == "not_yet_valid"


def test_key_of_an_inactive_tenant_is_refused(acme):
    acme.tenant.is_active = False
    acme.tenant.save()

    assert refusal(acme.secret).reason == "tenant_inactive"


@pytest.mark.parametrize(
    ("address", "is_admitted"),
    [
        ("203.0.113.7", True),
        ("::ffff:203.0.113.7", True),
        ("2001:db8:1::5", True),
        ("203.0.114.7", False),
        ("2001:db8:2::5", False),
        (None, False),
    ],
)
def test_networks_bound_where_a_key_is_used(acme, address, is_admitted):
    issued = acme.issue(allowed_networks=["203.0.113.0/24", "2001:db8:1::/48"])

    if is_admitted:
        assert keys.verify(token=issued.secret, address=address) == issued.key
    else:
        assert refusal(issued.secret, address).reason == "network"


def test_every_refusal_reads_the_same(acme):
    revoked, expired, bound = acme.issue(), acme.issue(), acme.issue(allowed_networks=["::1/128"])
    keys.revoke(key=revoked.key, actor=NARRATOR)
    ApiKey.objects.filter(pk=expired.key.pk).update(expires_at=timezone.now() - HOUR)
    tokens = [issued.secret for issued in (revoked, expired, bound)]

    assert len({str(refusal(token)) for token in [*tokens, "", "hs_live_x"]}) == 1


def test_use_is_noted_at_most_once_a_minute(acme):
    def use_and_read() -> datetime.datetime:
        keys.verify(token=acme.secret, address=None)
        return ApiKey.objects.get().last_used_at

    first, again = use_and_read(), use_and_read()
    ApiKey.objects.update(last_used_at=first - HOUR)

    assert again == first
    assert use_and_read() > first


def test_secret_is_nowhere_in_the_database(acme):
    rotated = keys.rotate(key=acme.key, overlap_seconds=60, actor=NARRATOR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT whole_row::text FROM "{table}" whole_row')  # noqa: S608
            dump = "".join(row for (row,) in cursor.fetchall())
            for secret in (acme.secret, rotated.secret):
                body = secret.rpartition("_")[2]
                assert body not in dump
                assert body.encode().hex() not in dump
    assert "tenants_apikey" in tables


def test_default_scopes_leave_out_perceptual_hashes(acme):
    assert set(SCOPES) - set(acme.key.scopes) == {"match:hash"}


def test_issuing_is_audited_without_the_secret(acme):
    event = AuditEvent.objects.get(action="key.issued")

    assert (event.target, event.tenant) == (acme.key.key_id, acme.tenant)
    assert acme.secret.rpartition("_")[2] not in str(event.data)


def test_key_vanishes_with_the_transaction_and_so_does_its_event(acme):
    with transaction.atomic():
        acme.issue(name="never was")
        transaction.set_rollback(True)

    assert not ApiKey.objects.filter(name="never was").exists()
    assert AuditEvent.objects.filter(action="key.issued").count() == 1


@pytest.mark.parametrize(
    "terms",
    [
        {"scopes": []},
        {"scopes": ["match", "everything"]},
        {"environment": "prod"},
        {"name": " "},
        {"name": "n" * 121},
        {"allowed_networks": ["203.0.113.5/24"]},
        {"allowed_networks": ["anywhere"]},
        {"expires_at": timezone.now() - HOUR},
        {"not_before": timezone.now() + 2 * HOUR, "expires_at": timezone.now() + HOUR},
        {"expires_at": datetime.datetime(2100, 1, 1)},  # noqa: DTZ001 naive on purpose
    ],
)
def test_unusable_terms_make_no_key(acme, terms):
    with pytest.raises(KeyTermsInvalid):
        acme.issue(**terms)

    assert ApiKey.objects.count() == 1


def mint(acme, minter: ApiKey, **terms):
    usual = {"name": "minted", "environment": "live", "scopes": ["match"]}
    return keys.issue(tenant=acme.tenant, actor=Actor.key(minter), **{**usual, **terms})


def test_key_mints_what_it_has(acme):
    assert mint(acme, acme.key, scopes=DEFAULT_SCOPES).key.scopes == list(DEFAULT_SCOPES)


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({}, {"scopes": ["match", "match:hash"]}),
        ({"environment": "test"}, {"environment": "live"}),
        ({"environment": "live"}, {"environment": "test"}),
        ({"allowed_networks": ["10.0.0.0/8"]}, {}),
        ({"allowed_networks": ["10.0.0.0/8"]}, {"allowed_networks": ["0.0.0.0/0"]}),
        ({"allowed_networks": ["10.0.0.0/8"]}, {"allowed_networks": ["::/0"]}),
        ({"expires_at": timezone.now() + HOUR}, {}),
        ({"expires_at": timezone.now() + HOUR}, {"expires_at": timezone.now() + 2 * HOUR}),
    ],
)
def test_key_never_mints_what_it_lacks(acme, own, wanted):
    minter = acme.issue(**own).key

    with pytest.raises(ScopeExceeded):
        mint(acme, minter, **{"environment": minter.environment, **wanted})


def test_key_mints_within_its_networks(acme):
    minter = acme.issue(allowed_networks=["10.0.0.0/8"]).key

    assert mint(acme, minter, allowed_networks=["10.1.0.0/16"]).key.allowed_networks


def test_key_never_mints_for_another_tenant(acme, rival):
    with pytest.raises(ScopeExceeded):
        mint(rival, acme.key)


def test_rotation_keeps_both_keys_for_the_overlap(acme):
    successor = keys.rotate(key=acme.key, overlap_seconds=3600, actor=NARRATOR)

    old = keys.verify(token=acme.secret, address=None)
    new = keys.verify(token=successor.secret, address=None)
    assert old.expires_at is not None
    assert new.expires_at is None
    assert (new.name, new.scopes) == (old.name, old.scopes)


def test_rotation_without_overlap_ends_the_old_key_at_once(acme):
    keys.rotate(key=acme.key, overlap_seconds=0, actor=NARRATOR)

    assert refusal(acme.secret).reason == "expired"


def test_rotation_never_prolongs_a_key(acme):
    end = timezone.now() + HOUR
    key = acme.issue(expires_at=end).key
    successor = keys.rotate(key=key, overlap_seconds=7200, actor=NARRATOR).key
    key.refresh_from_db()

    assert key.expires_at == successor.expires_at == end


def test_key_is_rotated_only_once(acme):
    keys.rotate(key=acme.key, overlap_seconds=3600, actor=NARRATOR)

    with pytest.raises(keys.KeyNotActive):
        keys.rotate(key=acme.key, overlap_seconds=3600, actor=NARRATOR)


def test_revoked_key_is_not_rotated(acme):
    keys.revoke(key=acme.key, actor=NARRATOR)

    with pytest.raises(keys.KeyNotActive):
        keys.rotate(key=acme.key, overlap_seconds=0, actor=NARRATOR)


@pytest.mark.parametrize("seconds", [-1, 604_801])
def test_overlap_is_at_most_a_week(acme, seconds):
    with pytest.raises(KeyTermsInvalid):
        keys.rotate(key=acme.key, overlap_seconds=seconds, actor=NARRATOR)


def test_key_never_rotates_a_stronger_one(acme):
    stronger = acme.issue(scopes=list(SCOPES)).key

    with pytest.raises(ScopeExceeded):
        keys.rotate(key=stronger, overlap_seconds=0, actor=Actor.key(acme.key))


def test_rotation_is_one_event(acme):
    before = AuditEvent.objects.count()
    successor = keys.rotate(key=acme.key, overlap_seconds=60, actor=NARRATOR).key

    assert AuditEvent.objects.count() == before + 1
    assert AuditEvent.objects.get(action="key.rotated").data["successor"] == successor.key_id
