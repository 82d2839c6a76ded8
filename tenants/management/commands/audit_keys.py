"""`audit_keys`: the public keys of the audit log, to be handed to auditors and kept at a change."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit.checkpoints import bare_public_key, origin_of, public_keys
from tenants.audit.logs import OPERATOR
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Print a log's public keys, newest first. Before AUDIT_SIGNING_KEY is changed: run it with "
        "--bare and put what it prints in front of AUDIT_RETIRED_KEYS."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--log", default=OPERATOR, help=f"a tenant's id, or {OPERATOR}")
        parser.add_argument("--bare", action="store_true", help="the present key, without a name")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if options["bare"]:
            self.stdout.write(bare_public_key())
            return
        for key in public_keys(origin_of(_log(options["log"]))):
            self.stdout.write(key)


def _log(name: str) -> Tenant | None:
    if name == OPERATOR:
        return None
    try:
        return Tenant.objects.get(public_id=name)
    except Tenant.DoesNotExist as error:
        raise CommandError(f"there is no log {name}") from error
