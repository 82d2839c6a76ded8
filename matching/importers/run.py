"""Carry an import out: everything is read and compared first, then all of it counts or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from matching.curation import (
    FourEyesRequired,
    Stage,
    approve_entries,
    change_list,
    compare_stage,
    merge_entries,
    publish_list,
    retire_withdrawn,
    staging,
)
from matching.importers.formats import MAPPED, Format, format_named
from matching.importers.reading import Lot, lots_of
from matching.importers.report import ImportReport
from matching.importers.rows import FileUnreadable
from matching.importers.source import Source
from matching.models import HashEntry, HashList, ImportRefusal, ImportRun, ListState
from matching.partial import build_segments
from tenants.audit.record import Actor, record
from tenants.models import Outcome

LONGEST_REASON: Final = ImportRefusal._meta.get_field("reason").max_length or 0
LONGEST_ERROR: Final = ImportRun._meta.get_field("error").max_length or 0


class RunLost(Exception):
    """Somebody cancelled the run, or another worker took it up: stop, and change nothing."""


def import_file(
    *,
    file: BinaryIO,
    file_name: str,
    hash_list: HashList,
    format: str,  # noqa: A002
    actor: User,
    approver: User | None = None,
    mapping: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> ImportReport:
    """Bring the entries in `file` into `hash_list`, at once and all together.

    With `approver` they are in force at the end; otherwise they wait as pending. `mapping` tells
    what a partner's columns and categories mean, and is kept with the list; without it the kept one
    holds. `progress` is told how many bytes were read. A dry run only compares.

    An import that was killed has changed nothing; repeating one adds what is missing, and nothing
    twice. Raises FourEyesRequired, MappingInvalid, FileUnreadable.
    """
    if approver == actor:
        raise FourEyesRequired("an import is approved by somebody who did not run it")
    run = ImportRun(
        hash_list=hash_list,
        format=format,
        file_name=file_name,
        created_by=actor,
        dry_run=dry_run,
        mapping=mapping_for(hash_list, format, mapping),
    )
    reader = format_named(format, mapping=run.mapping)
    if not dry_run:
        open_run(run)
    return perform(run=run, reader=reader, file=file, approver=approver, progress=progress)


def mapping_for(
    hash_list: HashList,
    format: str,  # noqa: A002
    mapping: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The mapping that an import goes by: the one given, or else the list's own."""
    if format not in MAPPED:
        return {}
    return dict(hash_list.csv_mapping if mapping is None else mapping)


def open_run(run: ImportRun) -> None:
    """Save a new run. Runs of the same file that a killed command left behind are closed."""
    with transaction.atomic():
        ImportRun.objects.filter(
            hash_list=run.hash_list,
            file_name=run.file_name,
            state=ImportRun.State.RUNNING,
            path="",
        ).update(state=ImportRun.State.FAILED, finished_at=timezone.now())
        run.save()
        record_run(run, Outcome.SUCCESS)


def perform(
    *,
    run: ImportRun,
    reader: Format,
    file: BinaryIO,
    approver: User | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> ImportReport:
    """Read, compare, and unless it is a dry run merge. Raises FileUnreadable, RunLost."""
    performance = _Performance(run, reader, Source(file), progress)
    try:
        with transaction.atomic():
            if run.dry_run:
                performance.compare()
            else:
                performance.merge(approver)
    except FileUnreadable as error:
        performance.fail(str(error))
        raise
    return performance.report


class _Performance:
    """One run being carried out."""

    def __init__(
        self, run: ImportRun, reader: Format, source: Source, progress: Callable[[int], object]
    ) -> None:
        self.run = run
        self.reader = reader
        self.source = source
        self.progress = progress
        self.report = ImportReport()

    def compare(self) -> None:
        hash_list = self.run.hash_list
        with staging() as stage:
            for _ in self._staged_lots(stage):
                self.progress(self.source.bytes_read)
            self.report.take(compare_stage(hash_list=hash_list, stage=stage, room=self.report.room))
        if not self.run._state.adding:
            hold_run(self.run)
            self._end(ImportRun.State.CHECKED, Outcome.SUCCESS)

    def merge(self, approver: User | None) -> None:
        """Put the entries in the list, and in force if there is somebody to approve them.

        In a single transaction, beside which the next lot is read already. The row of the run and
        the lists version, which others wait for, are locked only at its end.
        """
        run = self.run
        with staging() as stage:
            whose: dict[str, Any] = {
                "hash_list": run.hash_list,
                "actor": run.created_by,
                "import_run": run,
                "stage": stage,
            }
            for lot in self._staged_lots(stage):
                room = self.report.room
                self.report.take(merge_entries(**whose, signatures=lot.signatures, room=room))
                stage.forget_entries()
                self.progress(self.source.bytes_read)
            if approver is not None:  # in force with the commit, and found in files by then
                build_segments(actor=Actor.user(run.created_by))
            hold_run(run)
            if stage.withdrawals:
                self.report.take(retire_withdrawn(**whose, room=self.report.room))
        self._keep_mapping()
        self._approve(approver)
        self._end(
            ImportRun.State.FINISHED,
            Outcome.SUCCESS,
            approved_by=approver.get_username() if approver else None,
            approved=self.report.approved,
        )

    def _staged_lots(self, stage: Stage) -> Iterator[Lot]:
        lots = lots_of(source=self.source, reader=self.reader, hash_list=self.run.hash_list)
        for lot in lots:
            stage.add(entries=lot.entries, withdrawals=lot.withdrawals)
            self.report.refuse(lot.refusals)
            self.report.notes.update(lot.notes)
            yield lot

    def _approve(self, approver: User | None) -> None:
        if approver is None:
            return
        entries = HashEntry.objects.filter(import_run=self.run)
        self.report.approved = approve_entries(entries=entries, actor=approver)
        self.run.approved_by, self.run.approved_at = approver, timezone.now()
        if self.run.hash_list.state == ListState.DRAFT:
            publish_list(
                hash_list=self.run.hash_list,
                proposed_by=self.run.created_by,
                approved_by=approver,
                reason="Published with its import.",
            )

    def fail(self, reason: str) -> None:
        self.report.withdraw()
        if self.run._state.adding:
            return
        with transaction.atomic():
            hold_run(self.run)
            self.run.error = reason[:LONGEST_ERROR]
            self._end(ImportRun.State.FAILED, Outcome.ERROR, reason=reason)

    def _keep_mapping(self) -> None:
        hash_list, run = self.run.hash_list, self.run
        if run.format in MAPPED and run.mapping != hash_list.csv_mapping:
            actor = Actor.user(run.created_by)
            change_list(hash_list=hash_list, actor=actor, csv_mapping=run.mapping)

    def _end(self, state: ImportRun.State, outcome: Outcome, **data: Any) -> None:
        run, report = self.run, self.report
        run.state, run.leased_until = state, None
        run.finished_at = None if state == ImportRun.State.CHECKED else timezone.now()
        run.bytes_read, run.notes = self.source.bytes_read, dict(report.notes)
        run.preview = report.preview_as_json
        for name, count in report.counts.items():
            setattr(run, name, count)
        run.save()
        ImportRefusal.objects.filter(import_run=run).delete()
        ImportRefusal.objects.bulk_create(
            [
                ImportRefusal(
                    import_run=run, number=item.number, reason=item.reason[:LONGEST_REASON]
                )
                for item in report.refusals
            ],
            batch_size=1_000,
        )
        record_run(run, outcome, sha256=self.source.sha256, **report.counts, **data)


def hold_run(run: ImportRun) -> None:
    """Lock the row until the transaction ends. Raises RunLost when the run is not ours any more."""
    rows = ImportRun.objects.select_for_update().filter(
        pk=run.pk, state=ImportRun.State.RUNNING, fence=run.fence
    )
    if not rows.exists():
        raise RunLost(f"import {run.pk} was cancelled or taken up by somebody else")


def record_run(run: ImportRun, outcome: Outcome, **data: Any) -> None:
    """The log tells the begin and the end; a run without an end was killed."""
    record(
        action="list.imported",
        actor=Actor.user(run.created_by),
        target=f"list:{run.hash_list.slug}",
        outcome=outcome,
        data={
            "list": run.hash_list.slug,
            "run": run.pk,
            "state": run.state,
            "format": run.format,
            "dry_run": run.dry_run,
            **data,
        },
    )
