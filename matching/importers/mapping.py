"""How one partner's CSV files are to be read: their shape, and which column is what.

    {"delimiter": ";", "header": true, "encoding": "utf-8",
     "columns": {"md5": "MD5 hash", "photodna": {"column": "PDNA", "encoding": "base64"},
                 "external_id": "Ref", "category": "Cat"},
     "violations": {"1": "A1", "2": "B1"}}

Columns go by their name in the header or by their number, counted from 1. `violations` translates
the partner's categories; without it they must be ours already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from matching.hashing import Signal, SignalType
from matching.importers.encodings import from_base64, to_base64
from matching.importers.guards import RecordInvalid
from matching.models import Violation
from matching.models.entries import SIGNAL_FIELDS

ENCODINGS: Final = ("hex", "base64")
LONGEST_QUOTE: Final = 40
TEXT_FIELDS: Final = ("external_id", "category", "pdq_quality", "updated")
"""`updated` may be named, so that a mapping describes a file in full, but is not kept."""

STANDARD: Final[Mapping[str, str]] = {
    **{name.value: name.value for name in SIGNAL_FIELDS},
    "pdq_quality": "pdq_quality",
    "external_id": "external_id",
    "category": "violation",
}
"""The columns of a list that has no mapping of its own."""

_KEYS: Final = {"delimiter", "header", "encoding", "columns", "violations"}


class MappingInvalid(ValueError):
    """The mapping can not be used; the text says what is wrong in it."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a value stands, a name or a number from 1; and for hashes, how it is written."""

    place: str | int
    encoding: str = "hex"

    def decode(self, signal_type: SignalType, text: str, quality: int | None) -> Signal:
        """The signal that a cell of this column holds. Raises SignalInvalid."""
        if self.encoding == "hex":
            return Signal.from_hex(signal_type, text, quality)
        return from_base64(signal_type, text, quality)

    def encode(self, signal: Signal) -> str:
        """The cell of this column that holds `signal`."""
        return signal.hex if self.encoding == "hex" else to_base64(signal)


@dataclass(frozen=True, slots=True)
class CsvMapping:
    """A checked mapping. `columns` is by field: a signal type or one of TEXT_FIELDS."""

    columns: Mapping[str, Column]
    violations: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","
    header: bool = True
    encoding: str = "utf-8"

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Without columns these are STANDARD's. Raises MappingInvalid."""
        mapping = _object(data, "the mapping")
        if unknown := mapping.keys() - _KEYS:
            raise MappingInvalid(f"unknown: {', '.join(sorted(map(str, unknown)))}")
        header = mapping.get("header", True)
        if not isinstance(header, bool):
            raise MappingInvalid("header: must be true or false")
        return cls(
            columns=_columns(mapping.get("columns", STANDARD), header=header),
            violations=violations_from_json(mapping.get("violations", {})),
            delimiter=_delimiter(mapping.get("delimiter", ",")),
            header=header,
            encoding=_encoding(mapping.get("encoding", "utf-8")),
        )


def _object(data: object, name: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise MappingInvalid(f"{name}: must be a JSON object")
    return data


def _columns(data: object, *, header: bool) -> dict[str, Column]:
    columns = {
        name: _column(f"columns.{name}", value, header=header)
        for name, value in _object(data, "columns").items()
    }
    if unknown := columns.keys() - {*SIGNAL_FIELDS, *TEXT_FIELDS}:
        raise MappingInvalid(f"columns: unknown field {', '.join(sorted(unknown))}")
    if not columns.keys() & set(SIGNAL_FIELDS):
        raise MappingInvalid(f"columns: none of {', '.join(SIGNAL_FIELDS)} is there")
    places = [column.place for column in columns.values()]
    if len(set(places)) < len(places):
        raise MappingInvalid("columns: one column is named twice")
    return columns


def _column(name: str, data: object, *, header: bool) -> Column:
    place, encoding = data, "hex"
    if isinstance(data, dict):
        place, encoding = data.get("column"), data.get("encoding", "hex")
    if encoding not in ENCODINGS:
        raise MappingInvalid(f"{name}: encoding must be one of {', '.join(ENCODINGS)}")
    if isinstance(place, str) and place.strip() and header:
        return Column(place.strip(), encoding)
    if isinstance(place, int) and not isinstance(place, bool) and place >= 1:
        return Column(place, encoding)
    wanted = "a column's name or its number from 1" if header else "a column's number from 1"
    raise MappingInvalid(f"{name}: must be {wanted}")


def violations_from_json(data: object) -> Mapping[str, str]:
    """Which of a source's categories is which violation. Raises MappingInvalid."""
    violations = _object(data, "violations")
    for category, violation in violations.items():
        if violation not in Violation.values:
            raise MappingInvalid(
                f"violations.{category}: must be one of {', '.join(Violation.values)}"
            )
    return violations


def violation_of(category: str, violations: Mapping[str, str]) -> str:
    """The violation that a source's `category` means. Raises RecordInvalid."""
    try:
        return violations[category]
    except KeyError:
        quoted = repr(category[:LONGEST_QUOTE])
        raise RecordInvalid(f"category {quoted} is not in the mapping") from None


def _delimiter(data: object) -> str:
    if not isinstance(data, str) or len(data) != 1 or data in '\r\n"':
        raise MappingInvalid("delimiter: must be a single character")
    return data


def _encoding(data: object) -> str:
    try:
        "".encode(str(data))  # unlike codecs.lookup, refuses codecs that are not for text
    except LookupError as error:
        raise MappingInvalid(f"encoding: {data!r} is not known") from error
    return str(data)
