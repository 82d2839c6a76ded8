"""Runs as rows: opened when the lists changed, leased, held by a fence, closed."""

from __future__ import annotations

import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q

from matching.models import ListsVersion, LookbackRun
from tenants.audit.record import Actor, record

SETTLE: Final = datetime.timedelta(seconds=30)
LEASE: Final = datetime.timedelta(minutes=5)
WORKER: Final = Actor.system("matching.look_back")
WAITING: Final = LookbackRun.State.WAITING


class LeaseLost(Exception):
    """Somebody else works on the run by now."""


def open_run(*, now: datetime.datetime) -> None:
    """Open a run over what changed since the last one, unless one waits.

    It begins a little later: requests that judged by the lists of before have committed by then,
    and changes that follow soon go along in one run.
    """
    newest = LookbackRun.objects.order_by("-to_version").first()
    seen = newest.to_version if newest else 0
    current = ListsVersion.objects.get().version
    if current == seen or (newest and newest.state == WAITING):
        return
    run = LookbackRun(from_version=seen, to_version=current, begins_at=now + SETTLE)
    LookbackRun.objects.bulk_create([run], ignore_conflicts=True)


def lease_run(*, now: datetime.datetime) -> LookbackRun | None:
    """The run that is due, leased to the caller."""
    with transaction.atomic():
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        due = LookbackRun.objects.filter(free, state=WAITING, begins_at__lte=now)
        run = due.select_for_update(skip_locked=True).first()
        if run is None:
            return None
        return _changed(run, leased_until=now + LEASE, fence=run.fence + 1)


def hold(run: LookbackRun) -> None:
    """Keep the run to the caller until its transaction ends. Raises LeaseLost."""
    mine = LookbackRun.objects.select_for_update().filter(pk=run.pk, fence=run.fence, state=WAITING)
    if not mine.exists():
        raise LeaseLost(str(run))


def advance(run: LookbackRun, *, now: datetime.datetime, **counts: int) -> None:
    """Note in the caller's transaction how far the run came, and prolong the lease."""
    added = {
        name: F(name) + count for name, count in counts.items() if not name.endswith("_cursor")
    }
    cursors = {name: count for name, count in counts.items() if name.endswith("_cursor")}
    _changed(run, leased_until=now + LEASE, **cursors, **added)


def release(run: LookbackRun) -> None:
    """Let somebody else go on."""
    LookbackRun.objects.filter(pk=run.pk, fence=run.fence).update(leased_until=None)


def close(run: LookbackRun, *, now: datetime.datetime) -> None:
    """The run is through."""
    with transaction.atomic():
        hold(run)
        run = _changed(run, state=LookbackRun.State.FINISHED, finished_at=now, leased_until=None)
        record(
            action="lookback.finished",
            actor=WORKER,
            data={
                "from_version": run.from_version,
                "to_version": run.to_version,
                "checked": run.checked,
                "matched": run.matched,
                "withdrawn": run.withdrawn,
            },
        )


def _changed(run: LookbackRun, **changes: Any) -> LookbackRun:
    LookbackRun.objects.filter(pk=run.pk).update(**changes)
    run.refresh_from_db()
    return run
