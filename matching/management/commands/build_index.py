"""`build_index`: a new snapshot of all searchable hashes, live at once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from matching.snapshot import build_and_publish
from tenants.audit.record import Actor


class Command(BaseCommand):
    help = "Build the index from the lists as they stand, and make every process use it."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        snapshot = build_and_publish(actor=Actor.system("build_index"))
        self.stdout.write(f"{snapshot.directory}: {snapshot.hashes} hashes")
