"""What a filled installation is known by, for programs with and without Django."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.installation import Installation

LIST = "benchmark"
CURATORS = ("benchmark-curator", "benchmark-second-curator")


@dataclass(frozen=True, slots=True)
class Filled:
    """A key with every scope, and the hexadecimal PDQ values of some of the entries."""

    secret: str
    known: list[str]


def fill(installed: Installation, *, entries: int, photos: Sequence[Path] = ()) -> Filled:
    """A published list of `entries` random hashes and those of the photos."""
    names = [str(photo) for photo in photos]
    printed = installed.run("tests.benchmarks.filling", "--entries", str(entries), *names)
    return Filled(**json.loads(printed))
