"""What a worker does: take an image that waits, look for parts, commit what came of it."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Final

from matching import leases, spool
from matching.decoding import decoders, partial_decoders
from matching.enhancing.outcome import write
from matching.hashing import ImageError
from matching.hashing.sandbox import DecoderUnavailable
from matching.match import MatchingStopped
from matching.match.verdict import Judgement, judge, question_of_image
from matching.models import ListsVersion, WaitingImage
from matching.partial import PartialIndexUnavailable
from matching.snapshot import IndexUnavailable
from tenants.acting import Acting, acting_as
from tenants.models import ApiKey

MOST_ATTEMPTS: Final = 5
"""An image that so many workers began and none finished kills workers: its parts are not sought."""

REST: Final = timedelta(seconds=10)
NOT_NOW: Final = (
    IndexUnavailable,
    PartialIndexUnavailable,
    MatchingStopped,
    DecoderUnavailable,
    ListsVersion.DoesNotExist,
)
"""What is no fault of the image: it is given back, and others come first for a while."""

logger = logging.getLogger(__name__)


def work_off(*, seconds: float) -> bool:
    """Look for parts of waiting images for about `seconds`; whether some may be left.

    Others may do so at the same time. Raises nothing for an image's sake.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        waiting = leases.take(WaitingImage)
        if waiting is None:
            return False
        with acting_as(Acting(tenant=waiting.tenant_id)):
            if not _worked_on(waiting):
                return False  # the sweeper asks again
    return True


def _worked_on(waiting: WaitingImage) -> bool:
    key = ApiKey.objects.select_related("tenant__plan").get(key_id=waiting.submission.key_id)
    try:
        write(waiting, key, _judged(waiting, key))
    except leases.LeaseLost:
        logger.warning("the parts of %s are sought by another worker", waiting)
        return True
    except NOT_NOW as error:
        logger.warning("the parts of %s have to wait: %s", waiting, error)
        leases.give_back(waiting, rest=REST)
        return False
    spool.forget(waiting.submission_id)
    return True


def _judged(waiting: WaitingImage, key: ApiKey) -> Judgement | None:
    """The verdict of all stages by the lists of now; None when parts can not be sought at all."""
    if waiting.attempts > MOST_ATTEMPTS:
        logger.error("%s ended the workers that tried it", waiting)
        return None
    try:
        [data] = spool.read_lot(name=waiting.submission_id, key=bytes(waiting.spool_key), number=0)
        parts = partial_decoders().extract(data)
        return judge(question_of_image(decoders().query(data), parts=parts), key=key)
    except (ImageError, spool.SpoolDamaged) as error:
        logger.warning("the parts of %s can not be sought: %s", waiting, error)
        return None
