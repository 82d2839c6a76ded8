"""`create_tenant NAME`: a tenant with its first key."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit.record import Actor
from tenants.memberships import CreatedTenant, PlanUnknown, create_tenant


class Command(BaseCommand):
    help = "Create a tenant and print its first key, which is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument(
            "--plan", default="free", help="free, starter, business or unlimited (default: free)"
        )
        parser.add_argument("--test", action="store_true", help="make the key an hs_test_ one")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            created = create_tenant(
                name=options["name"],
                plan=options["plan"],
                test=options["test"],
                actor=Actor.system("create_tenant"),
            )
        except PlanUnknown as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_as_json(created) if options["json"] else _as_text(created))


def _as_json(created: CreatedTenant) -> str:
    return json.dumps(
        {
            "tenant": created.tenant.public_id,
            "key_id": created.issued_key.key.key_id,
            "secret": created.issued_key.secret,
            "scopes": created.issued_key.key.scopes,
        }
    )


def _as_text(created: CreatedTenant) -> str:
    key = created.issued_key.key
    return (
        f"Tenant  {created.tenant.name} ({created.tenant.public_id}, {created.tenant.plan})\n"
        f"Key     {created.issued_key.secret}\n"
        f"Scopes  {' '.join(key.scopes)}\n"
        "The key is shown this once: only a digest of it is stored."
    )
