"""ThreatExchange and Hasher-Matcher-Actioner: a CSV of one signal a line, or plain signal files.

The CSV's header is `signal_type,signal_str,collab,category,tags`, tags separated by blanks. Only
what was confirmed (`POSITIVE_CLASS`) is listed; a tag that is one of our violations is taken as it.
A signal file has `signal_type signal` in each line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import BinaryIO, Final

from matching.curation import EntryDraft, is_flat
from matching.importers.encodings import from_text
from matching.importers.guards import RecordInvalid
from matching.importers.lines import Lines
from matching.importers.rows import FileUnreadable, Item, LeftOut, parsed
from matching.importers.watermark import Watermark
from matching.models import HashEntry, Violation
from matching.models.entries import SIGNAL_FIELDS

HEADER: Final = ["signal_type", "signal_str", "collab", "category", "tags"]
POSITIVE: Final = "POSITIVE_CLASS"
CATEGORIES: Final = (POSITIVE, "NEGATIVE_CLASS", "INVESTIGATION_SEED")
WATERMARK: Final = "# hashservice export"
TYPES: Final = {name.value: name for name in SIGNAL_FIELDS}
OTHERS: Final = frozenset(
    {"video_md5", "videomd5", "video_tmk", "vpdq", "raw_text", "text", "trend_query", "url", "ocr"}
)
LONGEST_QUOTE: Final = 40


class ThreatExchangeCsv:
    """Reads and writes the dataset CSV."""

    def read(self, file: BinaryIO) -> Iterator[Item]:
        """The signals in `file`. Raises FileUnreadable when it has another header."""
        with closing(Lines(file, encoding="utf-8")) as lines:
            records = csv.reader(lines, strict=True)
            _check_header(records, lines)
            yield from parsed(records, draft_of=_draft_of_record, position=lambda: lines.number)

    def write(self, entries: Iterable[HashEntry], *, watermark: Watermark) -> Iterator[bytes]:
        """One line for each signal of `entries`; the first one says who exported it."""
        yield _line([f"{WATERMARK}: {watermark}"])
        yield _line(HEADER)
        for entry in entries:
            for name, value in _written(entry):
                yield _line([name, value, entry.hash_list.slug, POSITIVE, entry.violation])


class SignalFile:
    """Reads and writes `signal_type signal` lines."""

    def read(self, file: BinaryIO) -> Iterator[Item]:
        """The signals in `file`, line by line."""
        with closing(Lines(file, encoding="utf-8")) as lines:
            yield from parsed(lines, draft_of=_draft_of_line, position=lambda: lines.number)

    def write(self, entries: Iterable[HashEntry], *, watermark: Watermark) -> Iterator[bytes]:
        """One line for each signal of `entries`; the first one says who exported it."""
        yield f"{WATERMARK}: {watermark}\n".encode()
        for entry in entries:
            for name, value in _written(entry):
                yield f"{name} {value}\n".encode()


def _check_header(records: Iterator[list[str]], lines: Lines) -> None:
    try:
        for record in records:
            if record and not record[0].startswith(WATERMARK):
                if [title.strip().casefold() for title in record] != HEADER:
                    raise RecordInvalid(f"is not {','.join(HEADER)}")
                return
    except (RecordInvalid, csv.Error) as error:
        raise FileUnreadable(f"line {lines.number}, the header: {error}") from error
    raise FileUnreadable("the file has no header line")


def _draft_of_record(record: Sequence[str]) -> EntryDraft | LeftOut | None:
    if not record:
        return None
    if len(record) != len(HEADER):
        raise RecordInvalid(f"has {len(record)} columns instead of {len(HEADER)}")
    signal_type, value, _, category, tags = (cell.strip() for cell in record)
    if category not in CATEGORIES:
        raise RecordInvalid(f"category {category[:LONGEST_QUOTE]!r} is not known")
    if category != POSITIVE:
        return LeftOut(f"{category} left out")
    violation = next((tag for tag in tags.split() if tag in Violation.values), "")
    return _draft(signal_type, value, violation)


def _draft_of_line(line: str) -> EntryDraft | LeftOut | None:
    if not line.strip() or line.startswith(WATERMARK):
        return None
    signal_type, _, value = line.strip().partition(" ")
    return _draft(signal_type, value.strip(), "")


def _draft(name: str, value: str, violation: str) -> EntryDraft | LeftOut:
    if name.casefold() in OTHERS:
        return LeftOut(f"{name.casefold()} left out")
    if name.casefold() not in TYPES:
        raise RecordInvalid(f"signal type {name[:LONGEST_QUOTE]!r} is not known")
    return EntryDraft([from_text(TYPES[name.casefold()], value)], violation=violation)


def _written(entry: HashEntry) -> list[tuple[str, str]]:
    """A PDQ that no one may match by is not told: the format could not say how good it is."""
    return [(signal.type.value, signal.hex) for signal in entry.signals if not is_flat(signal)]


def _line(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()
