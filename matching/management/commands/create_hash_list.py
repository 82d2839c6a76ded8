"""`create_hash_list SLUG`: a new, empty list."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.curation import create_list
from matching.models import HashList, ListKind, Violation
from tenants.audit.record import Actor

# Taking a known image for a harmless test would be the worse mistake.
USUAL_VIOLATION = {ListKind.LIVE: Violation.A1, ListKind.TEST: Violation.TEST}


class Command(BaseCommand):
    help = "Create a hash list; does nothing when it is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--kind", required=True, choices=ListKind.values)
        parser.add_argument(
            "--source", required=True, metavar="NAME", help="what tenants see with every match"
        )
        parser.add_argument(
            "--violation",
            choices=Violation.values,
            help="of entries that name none of their own (default: A1, for test lists test)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        slug, kind = options["slug"], options["kind"]
        there = HashList.objects.filter(slug=slug).first()
        if there is None:
            self._create(options)
        elif there.kind != kind:
            raise CommandError(f"The list {slug} is there already, and of kind {there.kind}.")

    def _create(self, options: dict[str, Any]) -> None:
        try:
            create_list(
                slug=options["slug"],
                kind=options["kind"],
                source=options["source"],
                violation=options["violation"] or USUAL_VIOLATION[options["kind"]],
                actor=Actor.system("create_hash_list"),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
