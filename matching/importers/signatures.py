"""Signatures: JSON lines as `hash_images` writes them, one image a line.

`{"file", "md5", "sha1", "sha256", "pdq", "pdq_quality", "width", "height"}`, hashes in hexadecimal,
and `local` in base64, a local signature, unless the picture is too smooth to be known by parts;
for a picture with plain borders also `pdq_trimmed` and `pdq_trimmed_quality`, of what they enclose.
Names of files are never stored, and unknown keys are left alone. What `export_hash_list` writes
has `photodna`, `external_id` and `violation` instead of the picture's name and size.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, BinaryIO, Final

from matching.curation import EntryDraft
from matching.hashing import ImageHashes, Signal, SignalInvalid, SignalType
from matching.hashing.local import LocalSignature
from matching.importers.guards import RecordInvalid
from matching.importers.lines import Lines
from matching.importers.rows import Item, parsed
from matching.importers.watermark import Watermark
from matching.models import HashEntry
from matching.models.entries import SIGNAL_FIELDS

WATERMARK: Final = "hashservice_export"


class Signatures:
    """Reads and writes signature files."""

    name = "signatures"

    def read(self, file: BinaryIO) -> Iterator[Item]:
        """The entries in `file`, line by line."""
        with closing(Lines(file, encoding="utf-8")) as lines:
            yield from parsed(lines, draft_of=_draft, position=lambda: lines.number)

    def write(self, entries: Iterable[HashEntry], *, watermark: Watermark) -> Iterator[bytes]:
        """The lines of a file that holds `entries`; the first one says who exported it."""
        yield _line({WATERMARK: watermark.as_dict()})
        yield from (_line(_record_of_entry(entry)) for entry in entries)


def record_of_image(
    file: str, hashes: ImageHashes, local: bytes | None = None
) -> dict[str, str | int]:
    """One image as a record of a signatures file."""
    record: dict[str, str | int] = {
        "file": file,
        "md5": hashes.digests.md5.hex(),
        "sha1": hashes.digests.sha1.hex(),
        "sha256": hashes.digests.sha256.hex(),
        "pdq": hashes.pdq.value.hex(),
        "pdq_quality": hashes.pdq.quality,
        "width": hashes.width,
        "height": hashes.height,
    }
    if hashes.trimmed:
        record["pdq_trimmed"] = hashes.trimmed.value.hex()
        record["pdq_trimmed_quality"] = hashes.trimmed.quality
    if local:
        record["local"] = base64.b64encode(local).decode("ascii")
    return record


def _draft(line: str) -> EntryDraft | None:
    if not line.strip():
        return None
    record = _record(line)
    if WATERMARK in record:
        return None
    return EntryDraft(
        signals=list(_signals(record)),
        external_id=_text(record, "external_id"),
        violation=_text(record, "violation"),
        trimmed=_trimmed(record),
        local=_local(record),
    )


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordInvalid(_why_no_json(line, error)) from error
    if not isinstance(record, dict):
        raise RecordInvalid("not a JSON object")
    return record


def _why_no_json(line: str, error: Exception) -> str:
    if "\ufffd" in line:
        return "not valid UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}"
    return "not JSON: a number or a nesting beyond all bounds"


def _signals(record: dict[str, Any]) -> Iterator[Signal]:
    for signal_type in SIGNAL_FIELDS:
        if text := _text(record, signal_type):
            quality = _quality(record, "pdq_quality") if signal_type is SignalType.PDQ else None
            yield Signal.from_hex(signal_type, text, quality)


def _trimmed(record: dict[str, Any]) -> Signal | None:
    text = _text(record, "pdq_trimmed")
    quality = _quality(record, "pdq_trimmed_quality")
    return Signal.from_hex(SignalType.PDQ, text, quality) if text else None


def _local(record: dict[str, Any]) -> bytes | None:
    """The local signature, checked. Raises SignalInvalid."""
    text = _text(record, "local")
    if not text:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignalInvalid("local is not base64") from error
    if LocalSignature.from_bytes(data).gated:
        raise SignalInvalid("local is of a picture too smooth to be known by its parts")
    return data


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key) or ""
    if not isinstance(value, str):
        raise RecordInvalid(f"{key} is not text")
    return value


def _quality(record: dict[str, Any], key: str) -> int | None:
    value = record.get(key)
    if value is not None and type(value) is not int:
        raise RecordInvalid(f"{key} is not a whole number")
    return value


def _record_of_entry(entry: HashEntry) -> dict[str, str | int]:
    record: dict[str, str | int] = {signal.type: signal.hex for signal in entry.signals}
    if entry.pdq_quality is not None:
        record["pdq_quality"] = entry.pdq_quality
    if entry.pdq_trimmed is not None:
        record["pdq_trimmed"] = bytes(entry.pdq_trimmed).hex()
    if entry.external_id:
        record["external_id"] = entry.external_id
    return {**record, "violation": entry.violation}


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode("ascii") + b"\n"
