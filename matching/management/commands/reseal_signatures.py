"""`reseal_signatures`: after SIGNATURE_KEY was changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from matching.models import LocalSignature
from matching.partial import reseal_signatures
from tenants.audit.record import Actor


class Command(BaseCommand):
    help = (
        "Seal local signatures under SIGNATURE_KEY that are sealed under SIGNATURE_KEY_PREVIOUS, "
        "which can be taken away afterwards. Searches go on meanwhile. Status 1 if some can be "
        "read under neither key."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        count = LocalSignature.objects.count()
        with tqdm(total=count, unit="signature", disable=None) as bar:
            done = reseal_signatures(actor=Actor.system("reseal_signatures"), progress=bar.update)
        self.stdout.write(f"{done.changed} of {done.seen} sealed anew")
        if done.unreadable:
            raise CommandError(f"{done.unreadable} can be read under neither key.")
