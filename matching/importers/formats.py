"""The formats by name, each with the same face."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final, Protocol

from matching.importers.mapped_csv import MappedCsv
from matching.importers.mapping import STANDARD, CsvMapping
from matching.importers.rows import Refusal, Row
from matching.importers.signatures import Signatures
from matching.importers.watermark import Watermark
from matching.models import HashEntry

FORMATS: Final = ("signatures", "csv")


class Format(Protocol):
    """A way to write down hash entries."""

    def read(self, file: BinaryIO) -> Iterator[Row | Refusal]:
        """What `file` holds, record by record, in bounded memory. Raises FileUnreadable."""

    def write(self, entries: Iterable[HashEntry], *, watermark: Watermark) -> Iterator[bytes]:
        """A file that holds `entries`, piece by piece; readers skip the watermark."""


def format_named(name: str, *, mapping: Mapping[str, Any]) -> Format:
    """The format called `name`, one of FORMATS; `mapping` describes the list's CSV files.

    Raises MappingInvalid.
    """
    if name == "csv":
        return MappedCsv(CsvMapping.from_json(mapping) if mapping else STANDARD)
    return Signatures()
