"""The formats by name, each with the same face."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final, Protocol

from matching.importers.mapped_csv import MappedCsv
from matching.importers.mapping import CsvMapping
from matching.importers.ncmec import NcmecXml
from matching.importers.rows import Item
from matching.importers.signatures import Signatures
from matching.importers.stopncii import StopNciiJson
from matching.importers.threatexchange import SignalFile, ThreatExchangeCsv
from matching.importers.vics import NEW, OLD, VicsJson
from matching.importers.watermark import Watermark
from matching.models import HashEntry


class Format(Protocol):
    """A way to write down hash entries."""

    def read(self, file: BinaryIO) -> Iterator[Item]:
        """What `file` holds, record by record, in bounded memory. Raises FileUnreadable."""

    def write(self, entries: Iterable[HashEntry], *, watermark: Watermark) -> Iterator[bytes]:
        """A file that holds `entries`, piece by piece; readers skip the watermark."""


_MAKERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Format]]] = {
    "signatures": lambda _: Signatures(),
    "csv": lambda mapping: MappedCsv(CsvMapping.from_json(mapping)),
    "ncmec": lambda _: NcmecXml(),
    "vics": lambda mapping: VicsJson(mapping, NEW),
    "vics-1.3": lambda mapping: VicsJson(mapping, OLD),
    "stopncii": lambda _: StopNciiJson(),
    "threatexchange": lambda _: ThreatExchangeCsv(),
    "signals": lambda _: SignalFile(),
}
FORMATS: Final = tuple(_MAKERS)
MAPPED: Final = frozenset({"csv", "vics", "vics-1.3"})
"""What needs to be told what a partner's columns or categories mean."""


def format_named(name: str, *, mapping: Mapping[str, Any]) -> Format:
    """The format called `name`, one of FORMATS; `mapping` describes files of the MAPPED ones.

    Raises MappingInvalid.
    """
    return _MAKERS[name](mapping)
