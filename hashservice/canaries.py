"""Canaries with their usual edits: those the service paints, and folders of an operator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hashservice.demo.copies import ALTERATIONS
from matching.curation import add_canary
from matching.decoding import decoders
from matching.hashing import ImageError
from matching.models import Canary
from matching.pictures import as_bytes, render_picture

SHIPPED = 64
FIRST_SEED = 90_000  # far from the seeds of the demonstration and of tests
TURNS_LEFT_OUT = 4  # every canary is looked for in all its turns anyway


def add_shipped_canaries() -> int:
    """Add those that are missing of the pictures painted for this; returns how many."""
    names = {f"shipped:{number}": number for number in range(SHIPPED)}
    known = set(Canary.objects.filter(name__in=names).values_list("name", flat=True))
    missing = {name: number for name, number in names.items() if name not in known}
    for name, number in missing.items():
        picture = render_picture(FIRST_SEED + number)
        add_picture(name=name, data=as_bytes(picture, "JPEG", quality=90))
    return len(missing)


def add_folder(folder: Path, *, name: str) -> Iterator[tuple[Path, str]]:
    """Add every picture in `folder`; gives each file with what is wrong with it, or with nothing.

    The pictures stay where they are: only their hashes are kept, under `name` and the file's name.
    """
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            add_picture(name=f"{name}:{path.relative_to(folder)}", data=path.read_bytes())
        except ImageError as error:
            yield path, str(error)
        else:
            yield path, ""


def add_picture(*, name: str, data: bytes) -> bool:
    """One canary, its edits included; whether it is new. Raises ImageError."""
    as_it_is = decoders().query(data)
    edits = [edit.apply(data) for edit in ALTERATIONS[1:TURNS_LEFT_OUT]]
    return add_canary(name=name, copies=[as_it_is, *map(decoders().query, edits)])
