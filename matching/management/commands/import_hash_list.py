"""`import_hash_list FILE`: bring the entries of a file into a list."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.curation import FourEyesRequired
from matching.importers import (
    FORMATS,
    FileUnreadable,
    ImportReport,
    MappingInvalid,
    import_file,
)
from matching.management.arguments import curator_named, list_named
from matching.management.progress import byte_bar

REFUSALS_TOLD: Final = 50


class Command(BaseCommand):
    help = (
        "Import the entries of FILE into a hash list. Records that can not be used are refused one "
        "by one and listed; the status is 0 when FILE was read to its end and at least one of its "
        "records was good. An import that was interrupted is simply repeated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--list", required=True, metavar="SLUG", dest="list_slug")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument(
            "--mapping",
            metavar="M",
            type=_mapping,
            help="JSON file that says which column of a CSV is what; kept with the list",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="tell what would happen, and change nothing"
        )
        parser.add_argument("--as", required=True, metavar="USER", dest="user")
        parser.add_argument(
            "--approved-by",
            metavar="OTHER",
            help="another curator who vouches for FILE: its entries are in force at the end",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if options["mapping"] is not None and options["format"] != "csv":
            raise CommandError("--mapping goes with --format csv.")
        try:
            report = self._import(options)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from error
        except (FourEyesRequired, MappingInvalid, FileUnreadable) as error:
            raise CommandError(f"{error}.") from error
        self._tell(report, dry_run=options["dry_run"])
        if report.refused and not (report.added or report.changed or report.unchanged):
            raise CommandError("No record of the file could be used.")

    def _import(self, options: dict[str, Any]) -> ImportReport:
        path, other = options["file"], options["approved_by"]
        with path.open("rb") as file, byte_bar(os.fstat(file.fileno()).st_size) as progress:
            return import_file(
                file=file,
                file_name=path.name,
                hash_list=list_named(options["list_slug"]),
                format=options["format"],
                actor=curator_named(options["user"]),
                approver=curator_named(other) if other else None,
                mapping=options["mapping"],
                dry_run=options["dry_run"],
                progress=progress,
            )

    def _tell(self, report: ImportReport, *, dry_run: bool) -> None:
        for refusal in report.refusals[:REFUSALS_TOLD]:
            self.stderr.write(f"line {refusal.number}: {refusal.reason}")
        if report.refused > REFUSALS_TOLD:
            self.stderr.write(f"… and {report.refused - REFUSALS_TOLD} more were refused")
        for note, count in report.notes.items():
            self.stdout.write(f"{note}: {count}")
        self.stdout.write(
            f"{'Dry run: ' if dry_run else ''}{report.added} added, {report.changed} changed, "
            f"{report.retired} retired, {report.refused} refused, {report.unchanged} unchanged"
        )
        if not dry_run:
            self.stdout.write(f"{report.approved} approved")


def _mapping(path: str) -> dict[str, Any]:
    try:
        mapping = json.loads(Path(path).read_text("utf-8-sig"))
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{path} is not JSON: {error}") from error
    if not isinstance(mapping, dict):
        raise argparse.ArgumentTypeError(f"{path}: a mapping is a JSON object")
    return mapping
