"""Who takes part in the demonstration: a tenant, two curators and a list of kind `test`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.contrib.auth.models import User

from matching.curation import (
    add_entries,
    approve_entries,
    create_list,
    draft_of_image,
    publish_list,
)
from matching.decoding import decoders, partial_decoders
from matching.models import HashEntry, HashList, ListKind, ListState
from tenants import keys
from tenants.audit.record import Actor
from tenants.memberships import AlreadyMember, add_member, create_curator, create_tenant
from tenants.models import Environment, Role, Tenant

TENANT, LIST = "Demo Company", "demo"
CURATORS = ("demo-curator", "demo-second-curator")
OWNER = "demo-owner"
ACTOR = Actor.system("demo")


@dataclass(frozen=True, slots=True)
class Cast:
    secret: str
    passwords: dict[str, str]
    owner_password: str
    registered: int


def set_up(known: Sequence[bytes]) -> Cast:
    """Everybody and everything in place, the pictures in `known` registered and approved.

    Safe to repeat: what is there stays; key and passwords are made anew, since neither can be
    read back.
    """
    passwords = {name: secrets.token_urlsafe(12) for name in CURATORS}
    first, second = (_curator(name, password) for name, password in passwords.items())
    registered = _register(_list(), known, first, second)
    secret = _key()
    owner_password = secrets.token_urlsafe(12)
    _own(owner_password)
    return Cast(secret, passwords, owner_password, registered)


def _curator(name: str, password: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        user = create_curator(username=name, password=password, actor=ACTOR)
    else:
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def _own(password: str) -> None:
    """Somebody who owns the demonstration's tenant, to sign in to the portal."""
    user, _ = User.objects.get_or_create(username=OWNER)
    user.set_password(password)
    user.save(update_fields=["password"])
    tenant = Tenant.objects.get(name=TENANT)
    with suppress(AlreadyMember):
        add_member(user=user, tenant=tenant, role=Role.OWNER, actor=ACTOR)


def _list() -> HashList:
    found = HashList.objects.filter(slug=LIST).first()
    return found or create_list(slug=LIST, kind=ListKind.TEST, source="Demo", actor=ACTOR)


def _key() -> str:
    tenant = Tenant.objects.filter(name=TENANT).first()
    if tenant is None:
        return create_tenant(
            name=TENANT, plan="unlimited", actor=ACTOR, test=True
        ).issued_key.secret
    return keys.issue(
        tenant=tenant,
        name="demo",
        environment=Environment.TEST,
        scopes=keys.DEFAULT_SCOPES,
        actor=ACTOR,
    ).secret


def _register(hash_list: HashList, known: Sequence[bytes], adder: User, approver: User) -> int:
    drafts = [
        draft_of_image(decoders().register(data), local=partial_decoders().register_local(data))
        for data in known
    ]
    add_entries(hash_list=hash_list, drafts=drafts, actor=adder)
    approve_entries(entries=HashEntry.objects.filter(hash_list=hash_list), actor=approver)
    if hash_list.state == ListState.DRAFT:
        publish_list(
            hash_list=hash_list,
            proposed_by=adder,
            approved_by=approver,
            reason="For the demonstration.",
        )
    return len(drafts)
