"""Entries that are known by their parts too."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from PIL import Image

from matching.curation import add_entry, approve_entry
from matching.models import HashEntry, HashList
from tests.local import register_local
from tests.matching.lists import draft_of
from tests.pictures import as_bytes, render_picture

SIZE = (480, 360)


def picture(seed: int) -> Image.Image:
    return render_picture(seed, SIZE)


@cache
def part(seed: int) -> bytes:
    """Half of a picture, which PDQ does not know any more."""
    return as_bytes(picture(seed).crop((60, 40, 400, 295)), "JPEG", quality=90)


@cache
def signature(seed: int) -> bytes:
    made = register_local(np.asarray(picture(seed)))
    assert made is not None
    return made.to_bytes()


@cache
def whole(seed: int) -> bytes:
    return as_bytes(picture(seed), "PNG")


def add_partial(hash_list: HashList, seed: int, *, by: User, **particulars: Any) -> HashEntry:
    """A pending entry with a local signature."""
    draft = replace(draft_of(whole(seed), **particulars), local=signature(seed))
    return add_entry(hash_list=hash_list, draft=draft, actor=by)


def make_partial(hash_list: HashList, seed: int, *, by: User, approver: User) -> HashEntry:
    """The same in force."""
    entry = add_partial(hash_list, seed, by=by)
    approve_entry(entry=entry, actor=approver)
    return entry
