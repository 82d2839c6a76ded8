"""Signed checkpoints: what a log's tree was at a size, for whoever wants to hold us to it.

The form is C2SP tlog-checkpoint, a signed note with an Ed25519 signature. No checkpoint is signed
that contradicts one signed earlier, be it in the database or in the files outside of it.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from tenants.audit import checkpoint_files, merkle
from tenants.audit.checkpoint_files import LogFile
from tenants.audit.logs import Tree, name_of
from tenants.audit.verify import ED25519, consistent, key_hash, parse_checkpoint
from tenants.audit.verify import Checkpoint as Signed
from tenants.models import AuditSeal, Checkpoint, Tenant


class LogContradictsCheckpoint(Exception):
    """The database is not what was signed earlier: restored from a backup, or tampered with."""


def current(tenant: Tenant | None) -> Checkpoint:
    """The checkpoint of everything sealed so far, signed now if there is none yet.

    Raises `LogContradictsCheckpoint`.
    """
    latest, tree = _latest(tenant), Tree(tenant)
    if latest and latest.size == tree.size:
        return latest
    with checkpoint_files.locked(name_of(tenant)) as file:
        return _sign(file, _latest(tenant), Tree(tenant))


def sign_grown() -> int:
    """Sign a checkpoint of every log that grew since its last; returns how many.

    Raises `LogContradictsCheckpoint`, after all other logs.
    """
    grown = _grown()
    wrong = []
    for tenant in grown:
        try:
            current(tenant)
        except LogContradictsCheckpoint as error:
            wrong.append(str(error))
    if wrong:
        raise LogContradictsCheckpoint("; ".join(wrong))
    return len(grown)


def public_key(origin: str) -> str:
    """The log's public key as C2SP notes have it: `<origin>+<id>+<base64>`."""
    return _verifier_key(origin, _public_bytes())


def public_keys(origin: str) -> list[str]:
    """The log's public key, and those it had before (`AUDIT_RETIRED_KEYS`), newest first."""
    retired = [base64.b64decode(key, validate=True) for key in settings.AUDIT_RETIRED_KEYS]
    return [_verifier_key(origin, public) for public in (_public_bytes(), *retired)]


def bare_public_key() -> str:
    """The public key without a name: what `AUDIT_RETIRED_KEYS` takes once it is replaced."""
    return base64.b64encode(_public_bytes()).decode()


def _verifier_key(origin: str, public: bytes) -> str:
    encoded = base64.b64encode(ED25519 + public).decode()
    return f"{origin}+{key_hash(origin, public).hex()}+{encoded}"


def origin_of(tenant: Tenant | None) -> str:
    """The log's name in checkpoints. It stays what it was in the first one."""
    first = Checkpoint.objects.filter(tenant=tenant).order_by("id").first()
    host = urlsplit(settings.PUBLIC_URL).netloc
    return first.origin if first else f"{host}/audit/{name_of(tenant)}"


def signed_note(text: str, name: str) -> str:
    """`text` with our signature as `name` under it (C2SP signed-note)."""
    signature = key_hash(name, _public_bytes()) + _signing_key().sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n"


def _sign(file: LogFile, latest: Checkpoint | None, tree: Tree) -> Checkpoint:
    """Sign what `tree` is now. Its size was read after `latest`, so it is not smaller by chance."""
    origin = latest.origin if latest else origin_of(tree.tenant)
    new = Signed(origin, tree.size, tree.root(tree.size))
    root = base64.b64encode(new.root).decode()
    note = signed_note(f"{origin}\n{new.size}\n{root}\n", origin)
    outside = file.last()
    for earlier in (outside, latest and latest.text):
        if earlier:
            _refuse_contradiction(tree, parse_checkpoint(earlier), new)
    if outside != note:
        file.append(note)
    checkpoint, _ = Checkpoint.objects.get_or_create(
        tenant=tree.tenant,
        size=new.size,
        defaults={"root_hash": new.root, "origin": origin, "text": note},
    )
    return checkpoint


def _refuse_contradiction(tree: Tree, old: Signed, new: Signed) -> None:
    if old.size > new.size:
        raise LogContradictsCheckpoint(
            f"{name_of(tree.tenant)} had {old.size} events and has {new.size}"
        )
    path = merkle.consistency_proof(tree.node, old=old.size, new=new.size)
    if not consistent(old, new, path):
        raise LogContradictsCheckpoint(
            f"the first {old.size} events of {name_of(tree.tenant)} are not those that were signed"
        )


def _latest(tenant: Tenant | None) -> Checkpoint | None:
    return Checkpoint.objects.filter(tenant=tenant).order_by("-size").first()


def _grown() -> list[Tenant | None]:
    """The tenants, and None for the operator, with events that no checkpoint covers."""
    sealed = AuditSeal.objects.filter(tenant=OuterRef("pk")).order_by("-sequence")
    signed = Checkpoint.objects.filter(tenant=OuterRef("pk")).order_by("-size")
    grown = Tenant.objects.annotate(
        sealed=Subquery(sealed.values("sequence")[:1]) + 1,
        signed=Coalesce(Subquery(signed.values("size")[:1]), 0),
    ).filter(sealed__gt=F("signed"))
    latest = _latest(None)
    is_operator_grown = Tree(None).size > (latest.size if latest else 0)
    return [*grown, *([None] if is_operator_grown else [])]


def _signing_key() -> Ed25519PrivateKey:
    return _key_of(settings.AUDIT_SIGNING_KEY)


@lru_cache(maxsize=2)
def _key_of(secret: str) -> Ed25519PrivateKey:
    # The setting is a text of any length; its digest is the 32-byte seed.
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())


def _public_bytes() -> bytes:
    return _signing_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
