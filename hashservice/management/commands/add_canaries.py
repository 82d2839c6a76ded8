"""`add_canaries FOLDER`: ordinary pictures that no live list may ever match."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hashservice.canaries import add_folder, add_shipped_canaries


class Command(BaseCommand):
    help = (
        "Add the pictures of FOLDER, or those the service brings along, to the canaries: a live "
        "list that matches one of them is stopped. Only their hashes are kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path, nargs="?")
        parser.add_argument("--name", help="what the set is called (default: the folder's name)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        folder: Path | None = options["folder"]
        if folder is None:
            self.stdout.write(f"{add_shipped_canaries()} added")
            return
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        added = 0
        for path, problem in add_folder(folder, name=options["name"] or folder.resolve().name):
            added += not problem
            if problem:
                self.stderr.write(f"{path}: {problem}")
        self.stdout.write(f"{added} pictures are canaries")
