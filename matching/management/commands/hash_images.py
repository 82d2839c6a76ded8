"""`hash_images DIR`: signatures of a folder, made where the images may lawfully be held."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from matching.hashing.sandbox import DecoderUnavailable
from matching.importers.signatures import record_of_image
from matching.management.folder import explore, hash_files
from matching.management.output import written_to


class Command(BaseCommand):
    help = (
        "Write the signatures of every image below DIR, one JSON object a line. Every file is "
        "tried, whatever its name; those that can not be hashed are listed at the end and make "
        "the status 1. Needs neither database nor network; images never leave the machine."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", metavar="DIR", type=Path)
        parser.add_argument("--out", metavar="FILE", type=Path, help="default: standard output")
        parser.add_argument(
            "--jobs",
            metavar="N",
            type=int,
            default=os.cpu_count() or 1,
            help="images hashed at a time (default: one a core)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        directory, jobs = options["directory"], options["jobs"]
        if not directory.is_dir():
            raise CommandError(f"{directory} is no folder.")
        if jobs < 1:
            raise CommandError("--jobs must be at least 1.")
        folder = explore(directory)
        earlier = options["out"] and options["out"].absolute()
        unreadable = list(folder.closed)
        files = [path for path in folder.files if path.absolute() != earlier]
        try:
            with written_to(options["out"]) as out:
                unreadable += _write_signatures(files, below=directory, jobs=jobs, out=out)
        except (OSError, DecoderUnavailable) as error:
            raise CommandError(f"Nothing more can be hashed or written: {error}.") from error
        for path, reason in unreadable:
            self.stderr.write(f"{str(path)!r}: {reason}")
        if unreadable:
            raise CommandError(f"{len(unreadable)} could not be hashed.")


def _write_signatures(
    files: Sequence[Path], *, below: Path, jobs: int, out: BinaryIO
) -> Iterator[tuple[Path, str]]:
    """Write a line for every image among `files`; yields the others, with the reason."""
    with tqdm(total=len(files), unit="image", disable=None) as bar:
        for path, result in hash_files(files, jobs=jobs):
            bar.update()
            if isinstance(result, str):
                yield path, result
                continue
            record = record_of_image(
                path.relative_to(below).as_posix(), result.hashes, result.local
            )
            out.write(json.dumps(record).encode("ascii") + b"\n")
