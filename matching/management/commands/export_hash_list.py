"""`export_hash_list SLUG`: the entries of a list as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.importers import FORMATS, MappingInvalid, export_list
from matching.management.arguments import curator_named, list_named
from matching.management.output import written_to


class Command(BaseCommand):
    help = (
        "Write the entries of a hash list that are in force. The first line says who exported them "
        "and when; CSV comes in the columns of the list's own mapping, if it has one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument("--as", required=True, metavar="USER", dest="user")
        parser.add_argument("--out", metavar="FILE", type=Path, help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            pieces = export_list(
                hash_list=list_named(options["slug"]),
                format=options["format"],
                actor=curator_named(options["user"]),
            )
        except MappingInvalid as error:
            raise CommandError(f"The list's mapping: {error}.") from error
        try:
            with written_to(options["out"]) as out:
                out.writelines(pieces)
        except OSError as error:
            raise CommandError(f"The export broke off: {error.strerror}.") from error
