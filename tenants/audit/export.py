"""A report as a file: JSON lines, or CSV (RFC 4180, UTF-8) that no spreadsheet will calculate.

`verify` reads both back.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from tenants.audit.verify import FORMULA_STARTS

# The fields of `logs.sealed_form` and the hash of the event as it was sealed.
COLUMNS: Final = (
    "log",
    "sequence",
    "at",
    "actor_kind",
    "actor",
    "key_id",
    "action",
    "target",
    "request_id",
    "address",
    "user_agent",
    "outcome",
    "status",
    "data",
    "leaf_hash",
)
Records = Iterable[Mapping[str, Any]]


def json_lines(records: Records) -> Iterator[str]:
    """One JSON object a line."""
    return (f"{_encode(record)}\n" for record in records)


def csv_lines(records: Records) -> Iterator[str]:
    """One row a record, and the names of the columns before them.

    The first and the last record are no events: they have no sequence, their name stands under
    `action` and what they say under `data`.
    """
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for record in records:
        row = record if "sequence" in record else _as_row(record)
        yield writer.writerow([_cell(row.get(column)) for column in COLUMNS])


FORMATS: Final[Mapping[str, tuple[str, Callable[[Records], Iterator[str]]]]] = {
    "jsonl": ("application/x-ndjson", json_lines),
    "csv": ("text/csv", csv_lines),
}


class _Line:
    """A file whose `write` hands the line back, as csv's `writerow` then does too."""

    def write(self, line: str) -> str:
        return line


def _as_row(record: Mapping[str, Any]) -> dict[str, Any]:
    ((name, content),) = record.items()
    return {"action": name, "data": content}


def _cell(value: Any) -> str | int:
    if isinstance(value, int):
        return value  # a sequence or a status: never negative
    if value is None:
        return ""
    text = value if isinstance(value, str) else _encode(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
