"""`seal_audit`: seal what waits and sign checkpoints, as the worker does all the time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit.checkpoints import LogContradictsCheckpoint, sign_grown
from tenants.audit.seal import seal_pending


class Command(BaseCommand):
    help = "Seal the audit events that wait, and sign a checkpoint of every log that grew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anywhere",
            action="store_true",
            help="look through all events, also behind the last one sealed",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        sealed = seal_pending(anywhere=options["anywhere"])
        try:
            signed = sign_grown()
        except LogContradictsCheckpoint as error:
            raise CommandError(f"not signed: {error}") from error
        self.stdout.write(f"{sealed} events sealed, {signed} checkpoints signed")
