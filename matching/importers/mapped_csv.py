"""CSV files of any partner, read and written by the mapping that describes them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final

from matching.curation import EntryDraft
from matching.hashing import Signal, SignalType
from matching.importers.csv_layout import Layout
from matching.importers.guards import RecordInvalid
from matching.importers.lines import Lines
from matching.importers.mapping import CsvMapping, violation_of
from matching.importers.rows import FileUnreadable, Item, parsed
from matching.importers.watermark import Watermark
from matching.models import HashEntry
from matching.models.entries import SIGNAL_FIELDS

WATERMARK: Final = "# hashservice export"


@dataclass(frozen=True, slots=True)
class MappedCsv:
    """Reads and writes CSV files of the shape that `mapping` tells."""

    mapping: CsvMapping
    name: ClassVar[str] = "csv"

    def read(self, file: BinaryIO) -> Iterator[Item]:
        """The entries in `file`. Raises FileUnreadable when the header lacks a mapped column."""
        with closing(Lines(file, encoding=self.mapping.encoding)) as lines:
            records = csv.reader(lines, delimiter=self.mapping.delimiter, strict=True)
            layout = self._layout(records, lines)
            yield from parsed(
                records,
                draft_of=lambda record: self._draft(record, layout),
                position=lambda: lines.number,
            )

    def write(self, entries: Iterable[HashEntry], *, watermark: Watermark) -> Iterator[bytes]:
        """The lines of a file that holds `entries`; the first one says who exported it."""
        encoder = codecs.getincrementalencoder(self.mapping.encoding)("backslashreplace")
        for record in self._records(entries, watermark):
            buffer = io.StringIO()
            csv.writer(buffer, delimiter=self.mapping.delimiter).writerow(record)
            yield encoder.encode(buffer.getvalue())

    def _records(self, entries: Iterable[HashEntry], watermark: Watermark) -> Iterator[list[str]]:
        layout = Layout.to_write(self.mapping.columns)
        yield [f"{WATERMARK}: {watermark}"]
        if self.mapping.header:
            yield layout.titles(self.mapping.columns)
        for entry in entries:
            yield layout.record(self._cells(entry))

    def _layout(self, records: Iterator[list[str]], lines: Lines) -> Layout:
        if not self.mapping.header:
            return Layout.by_number(self.mapping.columns)
        try:
            header = next(record for record in records if not _is_no_entry(record))
            return Layout.by_header(self.mapping.columns, header)
        except StopIteration:
            raise FileUnreadable("the file has no header line") from None
        except (RecordInvalid, csv.Error) as error:
            raise FileUnreadable(f"line {lines.number}, the header: {error}") from error

    def _draft(self, record: list[str], layout: Layout) -> EntryDraft | None:
        if _is_no_entry(record):
            return None
        cells = layout.cells(record)
        return EntryDraft(
            signals=list(self._signals(cells)),
            external_id=cells.get("external_id", ""),
            violation=self._violation(cells.get("category", "")),
        )

    def _signals(self, cells: Mapping[str, str]) -> Iterator[Signal]:
        for signal_type in SIGNAL_FIELDS:
            if text := cells.get(signal_type):
                quality = _quality(cells) if signal_type is SignalType.PDQ else None
                yield self.mapping.columns[signal_type].decode(signal_type, text, quality)

    def _violation(self, category: str) -> str:
        if not category or not self.mapping.violations:
            return category
        return violation_of(category, self.mapping.violations)

    def _cells(self, entry: HashEntry) -> dict[str, str]:
        columns = self.mapping.columns
        cells = {
            signal.type.value: columns[signal.type].encode(signal)
            for signal in entry.signals
            if signal.type in columns
        }
        categories = {ours: theirs for theirs, ours in self.mapping.violations.items()}
        category = categories.get(entry.violation, "") if categories else entry.violation
        quality = "" if entry.pdq_quality is None else str(entry.pdq_quality)
        return cells | {
            "external_id": entry.external_id,
            "category": category,
            "pdq_quality": quality,
        }


def _is_no_entry(record: list[str]) -> bool:
    return not record or record[0].startswith(WATERMARK)


def _quality(cells: Mapping[str, str]) -> int | None:
    text = cells.get("pdq_quality", "")
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 3):
        raise RecordInvalid("pdq_quality is not a whole number")
    return int(text) if text else None
