"""Work off runs, step by step; each step commits with how far it came."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from matching.lookback import runs
from matching.lookback.found import write_matches
from matching.lookback.news import News
from matching.lookback.retained import read_lot
from matching.lookback.withdrawn import withdraw_some
from matching.models import LookbackRun

Clock = Callable[[], datetime.datetime]


def look_back(*, clock: Clock = timezone.now, seconds: float = 240.0) -> LookbackRun | None:
    """Open a run if the lists changed, and work on the one that is due for about `seconds`.

    Returns that run, finished or released for whoever goes on with it.
    """
    runs.open_run(now=clock())
    run = runs.lease_run(now=clock())
    if run is None:
        return None
    try:
        _work(run, clock, time.monotonic() + seconds)
    except runs.LeaseLost:
        return None
    return run


def _work(run: LookbackRun, clock: Clock, end: float) -> None:
    news = News(run)
    while time.monotonic() < end:
        if not _withdraw(run, clock) and not (news and _compare(run, news, clock)):
            runs.close(run, now=clock())
            run.refresh_from_db()
            return
    runs.release(run)


def _withdraw(run: LookbackRun, clock: Clock) -> bool:
    """One step of withdrawing; whether there was something to do."""
    with transaction.atomic():
        runs.hold(run)
        count, last = withdraw_some(run, now=clock())
        if count:
            runs.advance(run, now=clock(), match_cursor=last, withdrawn=count)
    return count > 0


def _compare(run: LookbackRun, news: News, clock: Clock) -> bool:
    """One lot of retained hashes; whether there was one."""
    lot = read_lot(after=run.retained_cursor, now=clock())
    if lot is None:
        return False
    rows = news.may_match(lot)
    with transaction.atomic():
        runs.hold(run)
        matched = write_matches(rows) if rows else 0
        runs.advance(
            run,
            now=clock(),
            retained_cursor=lot.last,
            checked=len(lot.rows),
            matched=matched,
        )
    return True
