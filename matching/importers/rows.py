"""What a reader yields for each record of a file: an entry to be, or why there is none."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from matching.curation import EntryDraft
from matching.hashing import SignalInvalid
from matching.importers.guards import RecordInvalid, screened

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Row:
    """A usable record: where it stands, its entry, and what was left out of it, if anything."""

    number: int
    draft: EntryDraft
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that gives no entry: where it stands, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A good record of something that is no image's hash; `note` says what, for all such alike."""

    note: str


Item = Row | Refusal | LeftOut


class FileUnreadable(Exception):
    """The file as a whole is not what its format asks for; the text says where."""


def parsed(
    records: Iterator[Record],
    *,
    draft_of: Callable[[Record], EntryDraft | LeftOut | None],
    position: Callable[[], int],
    line_of: Callable[[Record], int] | None = None,
) -> Iterator[Item]:
    """One record after the other, so that a broken one costs nobody else's place.

    `draft_of` returns None for records that are no entry (blank lines, watermarks). It and
    `records` raise RecordInvalid, SignalInvalid or csv.Error for a record that can not be used.
    `position` tells the line, or record, that was read last; `line_of` where a record begins, if
    it knows better.
    """
    while True:
        start = position() + 1
        try:
            record = next(records)
            start = line_of(record) if line_of else start
            draft = draft_of(record)
            if isinstance(draft, EntryDraft):
                yield Row(start, *screened(draft))
            elif draft is not None:
                yield draft
        except StopIteration:
            return
        except (RecordInvalid, SignalInvalid, csv.Error) as error:
            yield Refusal(start, _reason(error, start, position()))


def _reason(error: Exception, start: int, end: int) -> str:
    """A quote that is never closed swallows lines: the reason then says how many went with it."""
    return f"{error} (lines {start} to {end})" if end > start else str(error)
