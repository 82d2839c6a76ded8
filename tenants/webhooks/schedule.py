"""When a delivery is tried again: the schedule that Standard Webhooks 1.0 proposes."""

from __future__ import annotations

import datetime
import random
from typing import Final

SECOND, MINUTE, HOUR = (
    datetime.timedelta(seconds=1),
    datetime.timedelta(minutes=1),
    datetime.timedelta(hours=1),
)
# After the first try at once. 75 h 35 min in all; then the event is given up.
WAITS: Final = (
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
MOST_ATTEMPTS: Final = len(WAITS) + 1
JITTER: Final = 0.1  # so that what failed together does not come back together
# An endpoint that failed throughout nearly the whole schedule is switched off.
PATIENCE: Final = sum(WAITS, datetime.timedelta()) * (1 - 2 * JITTER)
LONGEST_PAUSE: Final = MINUTE
LONGEST_RETRY_AFTER: Final = 24 * HOUR


def wait_after(attempts: int) -> datetime.timedelta | None:
    """How long to wait after so many tries; None when that was the last."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return WAITS[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 no secret


def pause_after(failures: int) -> datetime.timedelta:
    """How long an endpoint is left alone after so many failures in a row, whatever is due.

    While it is down one delivery knocks for all of them, at most once a minute.
    """
    return min(SECOND * (5 * 2.0 ** min(failures - 1, 10)), LONGEST_PAUSE)


def retry_after(header: str) -> datetime.timedelta | None:
    """A `Retry-After` in seconds, at most a day; dates are not read."""
    if not header.isdecimal() or len(header) > 9:
        return None
    return min(int(header) * SECOND, LONGEST_RETRY_AFTER)
