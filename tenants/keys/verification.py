"""Who is calling: the check at the door."""

from __future__ import annotations

import datetime
import hmac
import ipaddress
from functools import lru_cache

from django.db.models import Q
from django.db.models.functions import Now

from tenants import acting
from tenants.keys import peppers, tokens
from tenants.keys.lookup import look_up, look_up_and_adopt
from tenants.models import ApiKey, KeyStatus

USE_IS_NOTED_EVERY = datetime.timedelta(seconds=60)
NO_DIGEST = bytes(32)


class KeyInvalid(Exception):
    """The key opens nothing. Callers all get to see the same; `reason` is for the audit log.

    `key` is set when the secret was right and something else was wrong, as after revocation;
    `key_id` is what a well-formed key called itself, whether there is such a key or not.
    """

    def __init__(self, reason: str, key: ApiKey | None = None, key_id: str = "") -> None:
        super().__init__("The API key is missing or not valid.")
        self.reason = reason
        self.key = key
        self.key_id = key.key_id if key else key_id


def verify(*, token: str, address: str | None) -> ApiKey:
    """The key that `token` proves, with tenant and plan, used from the client's `address`.

    One query, and none when the checksum is wrong. Nothing is cached, so a revocation holds in
    the next request on every worker; the database's clock decides on dates. What is nobody's
    request until here goes on for the key's tenant. Raises `KeyInvalid`.
    """
    key_id = tokens.key_id_of(token)
    if key_id is None:
        raise KeyInvalid("malformed")
    key, now = prove(token)
    if key is None or now is None:
        raise KeyInvalid("unknown", key_id=key_id)
    _refuse_unusable(key, now, address)
    act_for(key)
    _note_use(key, now)
    return key


def prove(token: str) -> tuple[ApiKey, datetime.datetime] | tuple[None, None]:
    """The key that `token` is, usable or not, and the database's time; twice None for no key.

    A digest under the previous pepper is replaced by one under the current.
    """
    key_id = tokens.key_id_of(token)
    if key_id is None:
        return None, None
    is_nobody = acting.current() == acting.NOBODY
    key, now = look_up_and_adopt(key_id) if is_nobody else look_up(key_id)
    # An unknown id is compared as well, so that the time taken does not tell which ids exist.
    expected = bytes(key.secret_digest) if key else NO_DIGEST
    digests = [tokens.digest(token, pepper) for pepper in peppers.accepted()]
    [is_current, *is_older] = [hmac.compare_digest(digest, expected) for digest in digests]
    if key is None or now is None or not (is_current or any(is_older)):
        return None, None
    if not is_current:
        _renew_digest(key, digests[0])
    return key, now


def act_for(key: ApiKey) -> None:
    """What was nobody's request until here goes on for the tenant of a key that was proven."""
    if acting.current() == acting.NOBODY:
        acting.become(acting.Acting(tenant=key.tenant_id))


def _renew_digest(key: ApiKey, digest: bytes) -> None:
    version = peppers.fingerprint(peppers.current())
    with acting.acting_as(acting.Acting(tenant=key.tenant_id)):
        ApiKey.objects.filter(pk=key.pk).update(secret_digest=digest, pepper_version=version)


def _refuse_unusable(key: ApiKey, now: datetime.datetime, address: str | None) -> None:
    status = key.status_at(now)
    if status != KeyStatus.ACTIVE:
        raise KeyInvalid(status, key)
    if not key.tenant.is_active:
        raise KeyInvalid("tenant_inactive", key)
    if key.allowed_networks and not _is_inside(address, tuple(key.allowed_networks)):
        raise KeyInvalid("network", key)


# Kept, so that a refusal for the network takes no longer than the others.
@lru_cache(maxsize=4096)
def _is_inside(address: str | None, networks: tuple[str, ...]) -> bool:
    """Whether `address` lies in one of the CIDR blocks; an unknown address lies in none."""
    if address is None:
        return False
    client = ipaddress.ip_address(address)
    if isinstance(client, ipaddress.IPv6Address) and client.ipv4_mapped:
        client = client.ipv4_mapped
    return any(client in ipaddress.ip_network(network) for network in networks)


def _note_use(key: ApiKey, now: datetime.datetime) -> None:
    """Remember the use, at most once a minute; of parallel calls one writes."""
    if key.last_used_at is not None and now - key.last_used_at < USE_IS_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USE_IS_NOTED_EVERY)
    if ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=Now()):
        key.last_used_at = now
