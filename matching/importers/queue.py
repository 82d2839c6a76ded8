"""Imports that a worker carries out: rows are the queue, and a lease says who is at it.

A worker that takes a run up raises its `fence` and renews the lease while it reads. A worker that
died lets the lease run out; the next one begins anew, since nothing of the run took effect. One
that only seemed dead finds the fence raised, and stops without effect.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from matching.curation import Conflict, FourEyesRequired, approve_entries
from matching.importers import files
from matching.importers.formats import format_named
from matching.importers.rows import FileUnreadable
from matching.importers.run import RunLost, mapping_for, perform, record_run
from matching.models import HashEntry, HashList, ImportRun
from tenants.acting import SERVICE, acting_as
from tenants.audit.record import Actor, record
from tenants.models import Outcome

State = ImportRun.State
LEASE: Final = timedelta(seconds=60)
RENEWED_AFTER_SECONDS: Final = 1.0
CANCEL_WAITS: Final = "2s"  # for a heartbeat; the end of an import may take longer
CHECKED_RUNS_KEPT: Final = timedelta(days=7)
OPEN: Final = (State.QUEUED, State.RUNNING, State.CHECKED)


def accept_upload(
    *, chunks: Iterable[bytes], file_name: str, hash_list: HashList, **terms: Any
) -> ImportRun:
    """Keep an uploaded file and queue a dry run of its import; `terms` as of `accept_mounted`."""
    path = files.keep(chunks)
    try:
        return _accept(path, file_name, hash_list, file_is_ours=True, **terms)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def accept_mounted(
    *,
    name: str,
    hash_list: HashList,
    format: str,  # noqa: A002
    actor: User,
    mapping: Mapping[str, Any] | None = None,
) -> ImportRun:
    """Queue a dry run of the import of a mounted file. Raises FileMissing, MappingInvalid."""
    path = files.mounted_path(name)
    return _accept(
        path, name, hash_list, file_is_ours=False, format=format, actor=actor, mapping=mapping
    )


def _accept(
    path: Path,
    file_name: str,
    hash_list: HashList,
    *,
    file_is_ours: bool,
    format: str,  # noqa: A002
    actor: User,
    mapping: Mapping[str, Any] | None = None,
) -> ImportRun:
    run = ImportRun(
        hash_list=hash_list,
        format=format,
        file_name=Path(file_name).name[:255],
        created_by=actor,
        state=State.QUEUED,
        dry_run=True,
        mapping=mapping_for(hash_list, format, mapping),
        path=str(path),
        file_is_ours=file_is_ours,
        bytes_total=path.stat().st_size,
    )
    format_named(format, mapping=run.mapping)
    with transaction.atomic():
        run.save()
        record_run(run, Outcome.SUCCESS)
    return run


def proceed(*, run: ImportRun, actor: User) -> None:
    """Carry out for real what a dry run showed. Raises Conflict."""
    with transaction.atomic():
        current = _held(run, State.CHECKED)
        current.state, current.dry_run, current.bytes_read = State.QUEUED, False, 0
        current.created_by = actor  # who decides to import is who added the entries
        current.save()
        record_run(current, Outcome.SUCCESS)
    run.refresh_from_db()


def cancel(*, run: ImportRun, actor: User) -> None:
    """Stop an import before it takes effect. Raises Conflict when it has, or does this moment."""
    try:
        with transaction.atomic():
            _wait_no_longer_than(CANCEL_WAITS)
            current = _held(run, *OPEN)
            current.state, current.finished_at = State.CANCELLED, timezone.now()
            current.leased_until = None
            current.save()
            record_run(current, Outcome.SUCCESS, cancelled_by=actor.get_username())
    except OperationalError as error:
        raise Conflict("the entries are being written this moment") from error
    files.forget(current)
    run.refresh_from_db()


def approve_run(*, run: ImportRun, actor: User, reason: str = "") -> int:
    """Put all entries of an import in force that still wait; returns how many.

    Raises FourEyesRequired for the one who ran it, Conflict when it has not ended well.
    """
    with transaction.atomic():
        current = _held(run, State.FINISHED)
        if current.created_by_id == actor.pk:
            raise FourEyesRequired("an import is approved by somebody who did not run it")
        if current.approved_by_id is not None:
            raise Conflict(f"{current} was approved before")
        entries = HashEntry.objects.filter(import_run=current)
        approved = approve_entries(entries=entries, actor=actor, reason=reason)
        current.approved_by, current.approved_at = actor, timezone.now()
        current.save()
        record(
            action="import.approved",
            actor=Actor.user(actor),
            target=f"importrun:{current.pk}",
            data={"list": current.hash_list.slug, "approved": approved, "reason": reason.strip()},
        )
    run.refresh_from_db()
    return approved


def claim() -> ImportRun | None:
    """Take up the oldest run that waits, or whose worker died. None when there is none.

    A run whose row is locked is just being brought to its end.
    """
    now = timezone.now()
    waiting = Q(state=State.QUEUED) | Q(state=State.RUNNING, leased_until__lt=now)
    with transaction.atomic():
        run = (
            ImportRun.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(waiting)
            .exclude(path="")
            .order_by("pk")
            .first()
        )
        if run is None:
            return None
        run.state, run.fence, run.leased_until = State.RUNNING, run.fence + 1, now + LEASE
        run.bytes_read = 0
        run.save()
    return run


def carry_out(run: ImportRun) -> None:
    """Do what a claimed run asks for. What goes wrong with its file stands in the row."""
    reader = format_named(run.format, mapping=run.mapping)
    try:
        with files.open_file(run) as file, _Heartbeat(run).beating() as heartbeat:
            perform(run=run, reader=reader, file=file, progress=heartbeat.tell)
    except files.FileMissing as error:
        _fail(run, str(error))
    except (FileUnreadable, RunLost):
        pass  # the row tells the one, and somebody else looks after the other
    run.refresh_from_db()
    if run.finished_at is not None:
        files.forget(run)


def sweep() -> None:
    """End what nobody came back to, and delete the files that nothing needs any more."""
    old = timezone.now() - CHECKED_RUNS_KEPT
    for run in ImportRun.objects.filter(state=State.CHECKED, created_at__lt=old):
        cancel(run=run, actor=run.created_by)
    files.forget_orphans()


class _Heartbeat:
    """Renews the lease and tells the progress, on a connection of its own.

    The import's own transaction shows nobody anything before its end.
    """

    def __init__(self, run: ImportRun) -> None:
        self._rows = ImportRun.objects.filter(pk=run.pk, state=State.RUNNING, fence=run.fence)
        self._bytes = 0
        self._lost = False
        self._ended = threading.Event()

    def tell(self, done: int) -> None:
        """Note how many bytes were read. Raises RunLost when the run is not ours any more."""
        self._bytes = done
        if self._lost:
            raise RunLost("the import was cancelled, or taken up by somebody else")

    @contextmanager
    def beating(self) -> Iterator[_Heartbeat]:
        thread = threading.Thread(target=self._beat, name="import-heartbeat", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()

    def _beat(self) -> None:
        try:
            with acting_as(SERVICE):
                while not self._ended.wait(RENEWED_AFTER_SECONDS) and not self._lost:
                    self._renew()
        finally:
            connection.close()

    def _renew(self) -> None:
        """A row that is locked is being brought to its end: then there is nothing to tell."""
        lease = timezone.now() + LEASE
        try:
            with transaction.atomic():
                held = self._rows.select_for_update(skip_locked=True).values_list("pk", flat=True)
                if list(held):
                    self._rows.update(bytes_read=self._bytes, leased_until=lease)
                else:
                    self._lost = not self._rows.exists()
        except DatabaseError:
            connection.close()  # the next beat tries again, on a new connection


def _wait_no_longer_than(limit: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [limit])


def _held(run: ImportRun, *states: str) -> ImportRun:
    """The row as it stands, locked, if its state is one of `states`. Raises Conflict."""
    current = ImportRun.objects.select_for_update().get(pk=run.pk)
    if current.state not in states:
        raise Conflict(f"{current} is {current.state}")
    return current


def _fail(run: ImportRun, reason: str) -> None:
    with transaction.atomic():
        run.state, run.error, run.finished_at = State.FAILED, reason, timezone.now()
        run.leased_until = None
        run.save()
        record_run(run, Outcome.ERROR, reason=reason)
