"""`verify_audit`: recompute the audit logs, or verify a report, against every known checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit.inspection import inspect
from tenants.audit.logs import OPERATOR
from tenants.audit.seal import passed_over
from tenants.audit.verify import Tampered, read_notes
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Verify every audit log against the checkpoints in the database and in the files outside "
        "of it. Reports are verified by tenants/audit/verify.py, without this service."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--log", help=f"one log alone: a tenant's id or {OPERATOR}")
        parser.add_argument(
            "--checkpoint",
            type=Path,
            action="append",
            default=[],
            help="a file with checkpoints kept elsewhere; needs --log",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if options["checkpoint"] and not options["log"]:
            raise CommandError("a checkpoint belongs to one log: name it with --log")
        notes = [n for path in options["checkpoint"] for n in read_notes(path.read_text("utf8"))]
        wrong = sum(not self._is_whole(tenant, notes) for tenant in _logs(options["log"]))
        if strays := passed_over():
            self.stdout.write(f"{strays} events stand unsealed behind sealed ones")
        if wrong or strays:
            raise CommandError("the audit log is not whole")

    def _is_whole(self, tenant: Tenant | None, notes: list[str]) -> bool:
        name = tenant.public_id if tenant else OPERATOR
        try:
            found = inspect(tenant, notes=notes)
        except Tampered as error:
            self.stdout.write(self.style.ERROR(f"{name}: NOT WHOLE: {error}"))
            return False
        text = f"{name}: {found.size} events whole, {found.agreeing} checkpoints agree"
        self.stdout.write(f"{text}, {found.unread} unreadable" if found.unread else text)
        return True


def _logs(name: str | None) -> list[Tenant | None]:
    tenants = Tenant.objects.order_by("pk")
    if name is None:
        return [None, *tenants]
    if name == OPERATOR:
        return [None]
    found = list(tenants.filter(public_id=name))
    if not found:
        raise CommandError(f"there is no log {name}")
    return [*found]
