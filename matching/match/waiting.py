"""Answer first, look for parts afterwards: the image waits, encrypted, with a row that names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_bytes

from matching import spool
from matching.models import Submission, WaitingImage


@contextmanager
def awaiting_parts(
    submission: Submission, data: bytes, *, wanted: bool
) -> Iterator[list[WaitingImage]]:
    """Spool the image of a submission that is about to be written; what is to be written with it.

    If that fails the bytes are removed again. If the process ends in between they stay, under a key
    that nobody has any more, until `matching.enhancing.sweep` removes them.
    """
    if not wanted:
        yield []
        return
    submission.awaits_parts = True
    name, key = submission.public_id, token_bytes(32)
    try:
        spool.write_lot(name=name, key=key, number=0, images=[data])
        yield [WaitingImage(tenant=submission.tenant, submission=submission, spool_key=key)]
    except BaseException:
        spool.forget(name)
        raise
