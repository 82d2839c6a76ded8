"""Import a file into a list: lot by lot, so that a killed import can simply be repeated."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, BinaryIO, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from matching.curation import FourEyesRequired, approve_entries, change_list, merge_entries
from matching.importers.formats import Format, format_named
from matching.importers.report import ImportReport
from matching.importers.rows import FileUnreadable, Refusal, Row
from matching.importers.source import Source
from matching.models import HashEntry, HashList, ImportRun
from tenants.audit.record import Actor, record
from tenants.models import Outcome

LOT: Final = 5_000
READ_BUFFER: Final = 1 << 18


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
    """Bring the entries in `file` into `hash_list`.

    With `approver` they are in force at the end, all at once; otherwise they wait as pending.
    `mapping` describes a CSV file and is kept with the list; without it the kept one holds.
    `progress` is told how many bytes were read. A dry run does everything and takes it back.

    Every lot of records commits with the counts of its run, and entries are known by their
    identity: repeating an import that was killed adds what is missing, and nothing twice.
    Raises FourEyesRequired, MappingInvalid, FileUnreadable. After the last, entries of the part
    that could be read wait as pending; none of them is in force.
    """
    if approver == actor:
        raise FourEyesRequired("an import is approved by somebody who did not run it")
    reader = format_named(format, mapping=hash_list.csv_mapping if mapping is None else mapping)
    importing = _Import(hash_list, format, file_name, actor, Source(file), progress)
    if dry_run:
        with transaction.atomic():
            importing.begin()
            importing.take_all(reader)
            transaction.set_rollback(True)
    else:
        importing.begin()
        importing.take_all(reader)
        importing.finish(approver, mapping)
    return importing.report


class _Import:
    """One import under way."""

    def __init__(
        self,
        hash_list: HashList,
        format: str,  # noqa: A002
        file_name: str,
        actor: User,
        source: Source,
        progress: Callable[[int], object],
    ) -> None:
        self.run = ImportRun(
            hash_list=hash_list, format=format, file_name=file_name, created_by=actor
        )
        self.source = source
        self.progress = progress
        self.report = ImportReport()

    def begin(self) -> None:
        """Open the run. Runs of the same file that never ended were killed, and are closed."""
        with transaction.atomic():
            ImportRun.objects.filter(
                hash_list=self.run.hash_list,
                file_name=self.run.file_name,
                state=ImportRun.State.RUNNING,
            ).update(state=ImportRun.State.FAILED, finished_at=timezone.now())
            self.run.save()
            self._record(Outcome.SUCCESS)

    def take_all(self, reader: Format) -> None:
        """Take every lot of the file. Raises FileUnreadable."""
        stream = io.BufferedReader(self.source, READ_BUFFER)
        try:
            for lot in _read_ahead(_lots(reader.read(stream))):
                self._take(lot)
                self.progress(self.source.bytes_read)
        except FileUnreadable as error:
            self._end(ImportRun.State.FAILED, Outcome.ERROR, reason=str(error))
            raise

    def finish(self, approver: User | None, mapping: Mapping[str, Any] | None) -> None:
        """Put the entries in force, if there is somebody to approve them, and close the run."""
        hash_list = self.run.hash_list
        with transaction.atomic():
            if mapping is not None and mapping != hash_list.csv_mapping:
                actor = Actor.user(self.run.created_by)
                change_list(hash_list=hash_list, actor=actor, csv_mapping=mapping)
            if approver is not None:
                entries = HashEntry.objects.filter(import_run=self.run)
                self.report.approved = approve_entries(entries=entries, actor=approver)
            self._end(
                ImportRun.State.FINISHED,
                Outcome.SUCCESS,
                approved_by=approver.get_username() if approver else None,
                approved=self.report.approved,
            )

    def _take(self, lot: Sequence[Row | Refusal]) -> None:
        rows = [item for item in lot if isinstance(item, Row)]
        with transaction.atomic():
            merged = merge_entries(
                hash_list=self.run.hash_list,
                drafts=[row.draft for row in rows],
                actor=self.run.created_by,
                import_run=self.run,
            )
            self.report.take(rows, merged, [item for item in lot if isinstance(item, Refusal)])
            ImportRun.objects.filter(pk=self.run.pk).update(**self.report.counts)

    def _end(self, state: ImportRun.State, outcome: Outcome, **data: Any) -> None:
        self.run.state, self.run.finished_at = state, timezone.now()
        with transaction.atomic():
            ImportRun.objects.filter(pk=self.run.pk).update(
                state=state, finished_at=self.run.finished_at
            )
            self._record(outcome, sha256=self.source.sha256, **self.report.counts, **data)

    def _record(self, outcome: Outcome, **data: Any) -> None:
        """The log tells the begin and the end; a run without an end was killed."""
        record(
            action="list.imported",
            actor=Actor.user(self.run.created_by),
            target=f"list:{self.run.hash_list.slug}",
            outcome=outcome,
            data={
                "list": self.run.hash_list.slug,
                "run": self.run.pk,
                "state": self.run.state,
                "format": self.run.format,
                **data,
            },
        )


def _lots(items: Iterator[Row | Refusal]) -> Iterator[list[Row | Refusal]]:
    while lot := list(islice(items, LOT)):
        yield lot


def _read_ahead(lots: Iterator[list[Row | Refusal]]) -> Iterator[list[Row | Refusal]]:
    """The lots, each read while the database takes in the one before."""
    with ThreadPoolExecutor(1, thread_name_prefix="import-reader") as reader:
        coming = reader.submit(next, lots, None)
        while (lot := coming.result()) is not None:
            coming = reader.submit(next, lots, None)
            yield lot
