"""From a file to rows for the stage: read and judged lot by lot, in bounded memory."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from matching.curation import StagedRow, row_of_draft, row_of_withdrawal
from matching.hashing import SignalInvalid
from matching.importers.formats import Format
from matching.importers.rows import Item, Refusal, Row
from matching.importers.source import Source
from matching.models import HashList

LOT: Final = 10_000  # rows without a local signature, which counts for several
BYTES_OF_A_ROW: Final = 1_000
READ_BUFFER: Final = 1 << 18


@dataclass(slots=True)
class Lot:
    """Some records, ready to be staged, and the local signatures by identity."""

    entries: list[StagedRow] = field(default_factory=list)
    withdrawals: list[StagedRow] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    signatures: dict[str, bytes] = field(default_factory=dict)
    size: int = 0

    def take(self, item: Item, hash_list: HashList) -> None:
        self.size += 1
        if isinstance(item, Row):
            self._take_row(item, hash_list)
        elif isinstance(item, Refusal):
            self.refusals.append(item)
        else:
            self.notes[item.note] += 1

    def _take_row(self, row: Row, hash_list: HashList) -> None:
        try:
            if row.draft.withdrawn:
                self.withdrawals.append(row_of_withdrawal(row.number, row.draft.identity))
            else:
                self.entries.append(row_of_draft(row.number, row.draft, hash_list))
        except SignalInvalid as error:
            self.refusals.append(Refusal(row.number, str(error)))
            return
        if row.note:
            self.notes[row.note] += 1
        if row.draft.local:
            self.signatures[row.draft.identity] = row.draft.local
            self.size += len(row.draft.local) // BYTES_OF_A_ROW


def lots_of(*, source: Source, reader: Format, hash_list: HashList) -> Iterator[Lot]:
    """The records of a file, each lot read while the database takes in the one before.

    Raises FileUnreadable.
    """
    stream = io.BufferedReader(source, READ_BUFFER)
    return _read_ahead(_lots(reader.read(stream), hash_list))


def _lots(items: Iterator[Item], hash_list: HashList) -> Iterator[Lot]:
    lot = Lot()
    for item in items:
        lot.take(item, hash_list)
        if lot.size >= LOT:
            yield lot
            lot = Lot()
    if lot.size:
        yield lot


def _read_ahead(lots: Iterator[Lot]) -> Iterator[Lot]:
    with ThreadPoolExecutor(1, thread_name_prefix="import-reader") as reader:
        coming = reader.submit(next, lots, None)
        while (lot := coming.result()) is not None:
            coming = reader.submit(next, lots, None)
            yield lot
