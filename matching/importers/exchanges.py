"""Poll exchanges: page by page into the list, each with the cursor that leads to the next.

The cursor is saved in the transaction of its page, so that a poll that breaks off goes on where it
was, and a page that comes twice changes nothing. Failures back off; what went wrong stands in the
row until a poll succeeds.
"""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from matching.importers.exchange_pages import PAGES, Cursor, PageRefused, Pages
from matching.importers.rows import FileUnreadable
from matching.importers.run import RunLost, perform, record_run
from matching.models import Exchange, HashList, ImportRun
from tenants import outgoing
from tenants.audit.record import Actor, record
from tenants.models import Outcome

LEASE: Final = timedelta(minutes=5)
SECONDS: Final = 60.0
MOST_BYTES: Final = 64 << 20
LONGEST_BACK_OFF: Final = timedelta(hours=1)
LONGEST_ERROR: Final = Exchange._meta.get_field("error").max_length or 0
MOST_PAGES: Final = 10_000  # of one poll; the next one goes on


class PollFailed(Exception):
    """No page came, or none that could be read; `wait` is what the exchange asks for."""

    def __init__(self, reason: str, wait: timedelta = timedelta()) -> None:
        super().__init__(reason)
        self.wait = wait


def connect(*, hash_list: HashList, kind: str, minutes: int, actor: User) -> Exchange:
    """Poll an exchange for a list from now on, or change how; entries count as added by `actor`."""
    with transaction.atomic():
        exchange, _ = Exchange.objects.update_or_create(
            hash_list=hash_list,
            defaults={
                "kind": kind,
                "minutes": minutes,
                "enabled": True,
                "created_by": actor,
                "next_poll_at": timezone.now(),
            },
        )
        _record_change(exchange, actor)
    return exchange


def disconnect(*, exchange: Exchange, actor: User) -> None:
    """Poll no more; the cursor stays."""
    with transaction.atomic():
        exchange.enabled = False
        exchange.save(update_fields=["enabled"])
        _record_change(exchange, actor)


def claim_due() -> Exchange | None:
    """Take up an exchange that is to be polled now. None when there is none."""
    now = timezone.now()
    with transaction.atomic():
        exchange = (
            Exchange.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(leased_until=None) | Q(leased_until__lt=now))
            .filter(enabled=True, next_poll_at__lte=now)
            .order_by("next_poll_at")
            .first()
        )
        if exchange is None:
            return None
        exchange.fence, exchange.leased_until = exchange.fence + 1, now + LEASE
        exchange.save(update_fields=["fence", "leased_until"])
    return exchange


def poll(exchange: Exchange) -> None:
    """Read a claimed exchange from its cursor to its end. Failures stand in the row."""
    try:
        for _ in range(MOST_PAGES):
            if _take_page(exchange, PAGES[exchange.kind]):
                break
    except RunLost:
        return
    except PollFailed as error:
        _end(exchange, failures=exchange.failures + 1, error=str(error), wait=error.wait)
        return
    _end(exchange, failures=0, error="", wait=timedelta(minutes=exchange.minutes))


def _take_page(exchange: Exchange, pages: Pages) -> bool:
    """Whether it was the last page. Raises PollFailed, RunLost."""
    reader = pages.reader()
    try:
        body = _fetched(exchange, pages)
        with transaction.atomic():
            run = _run_of(exchange, pages, len(body))
            perform(run=run, reader=reader, file=io.BytesIO(body))
            cursor, is_last = pages.after(exchange.cursor, reader)
            _move(exchange, cursor)
    except (FileUnreadable, PageRefused) as error:
        raise PollFailed(f"a page can not be used: {error}") from error
    return is_last


def _fetched(exchange: Exchange, pages: Pages) -> bytes:
    request = pages.request(exchange.cursor)
    try:
        answer = outgoing.fetch(
            request.url,
            most_bytes=MOST_BYTES,
            seconds=SECONDS,
            accept=request.format,
            headers=request.headers,
        )
    except outgoing.AddressRefused as error:
        raise PollFailed("the exchange's address is not set, or not allowed") from error
    except (outgoing.NotReached, outgoing.AnswerTooLarge) as error:
        raise PollFailed(f"no answer: {type(error).__name__} {error}") from error
    if answer.status != 200:
        raise PollFailed(f"answered {answer.status}", _asked_to_wait(answer))
    return answer.body


def _asked_to_wait(answer: outgoing.Answer) -> timedelta:
    text = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(text)) if text.isdecimal() and len(text) < 6 else timedelta()


def _run_of(exchange: Exchange, pages: Pages, size: int) -> ImportRun:
    run = ImportRun(
        hash_list=exchange.hash_list,
        format=pages.format,
        file_name=f"page of {timezone.now():%Y-%m-%d %H:%M:%S} UTC",
        created_by=exchange.created_by,
        bytes_total=size,
    )
    run.save()
    record_run(run, Outcome.SUCCESS)
    return run


def _move(exchange: Exchange, cursor: Cursor) -> None:
    """Keep the cursor and the lease. Raises RunLost when another worker has taken over."""
    ours = Exchange.objects.filter(pk=exchange.pk, fence=exchange.fence, enabled=True)
    if not ours.update(cursor=cursor, leased_until=timezone.now() + LEASE):
        raise RunLost(f"{exchange} was taken up by somebody else, or switched off")
    exchange.cursor = cursor


def _end(exchange: Exchange, *, failures: int, error: str, wait: timedelta) -> None:
    now = timezone.now()
    if failures:
        backed_off = min(timedelta(minutes=2 ** min(failures - 1, 10)), LONGEST_BACK_OFF)
        wait = max(wait, backed_off)
    succeeded = {} if failures else {"succeeded_at": now}
    Exchange.objects.filter(pk=exchange.pk, fence=exchange.fence).update(
        failures=failures,
        error=error[:LONGEST_ERROR],
        next_poll_at=now + wait,
        leased_until=None,
        **succeeded,
    )
    exchange.refresh_from_db()


def _record_change(exchange: Exchange, actor: User) -> None:
    record(
        action="exchange.changed",
        actor=Actor.user(actor),
        target=f"list:{exchange.hash_list.slug}",
        data={
            "kind": exchange.kind,
            "minutes": exchange.minutes,
            "enabled": exchange.enabled,
        },
    )
