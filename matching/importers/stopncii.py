"""StopNCII's JSON pages: `hashRecords`, each with the state of its case and what others say of it.

A record whose case was withdrawn or deleted takes its entry back. The names of states
and feedback are those that the public ThreatExchange client knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from matching.curation import EntryDraft, is_flat
from matching.hashing import SignalType
from matching.importers.encodings import from_text
from matching.importers.guards import RecordInvalid
from matching.importers.json_stream import JsonStream
from matching.importers.rows import FileUnreadable, Item, LeftOut, parsed
from matching.importers.watermark import Watermark
from matching.models import HashEntry

TYPES: Final = {"ImagePDQ": SignalType.PDQ, "ImageMD5": SignalType.MD5}
OTHERS: Final = frozenset({"Unknown", "VideoMD5", "VideoTMK", "VideoPDQ", "Text", "URL"})
LISTED: Final = frozenset({"Active", "Received"})
WITHDRAWN: Final = frozenset({"Withdrawn", "Deleted"})
VOTES: Final = {"Blocked": "affirmative", "NotBlocked": "negative"}
WATERMARK: Final = "hashservice_export"
PAGING: Final = ("nextPageToken", "nextSetTimestamp", "hasMoreRecords")
LONGEST_QUOTE: Final = 40
_NAME_OF: Final = {signal_type: name for name, signal_type in TYPES.items()}


class StopNciiJson:
    """Reads and writes pages. `paging` holds what a page says of the next, once it was read."""

    def __init__(self) -> None:
        self.paging: dict[str, Any] = {}
        self._records = 0

    def read(self, file: BinaryIO) -> Iterator[Item]:
        """The records in `file`. Raises FileUnreadable."""
        yield from parsed(
            self._hash_records(JsonStream(file)), draft_of=_draft, position=lambda: self._records
        )

    def write(self, entries: Iterable[HashEntry], *, watermark: Watermark) -> Iterator[bytes]:
        """A single page with the PDQ and MD5 of `entries`; the format knows no others."""
        yield json.dumps({WATERMARK: watermark.as_dict()})[:-1].encode() + b', "hashRecords": ['
        separator = b"\n"
        for entry in entries:
            for record in _records_of(entry):
                yield separator + json.dumps(record).encode()
                separator = b",\n"
        yield b'\n], "nextPageToken": null, "hasMoreRecords": false}\n'

    def _hash_records(self, stream: JsonStream) -> Iterator[Any]:
        found = False
        for name in stream.members():
            if name == "hashRecords":
                found = True
                for _ in stream.items():
                    record = stream.value()
                    self._records += 1
                    yield record
            elif name in PAGING:
                self.paging[name] = stream.value()
            else:
                stream.skip()
        stream.end()
        if not found:
            raise FileUnreadable("the page has no 'hashRecords'")


def _draft(record: Any) -> EntryDraft | LeftOut:
    if not isinstance(record, dict):
        raise RecordInvalid("not a JSON object")
    name, status = record.get("signalType"), record.get("hashStatus")
    if name in OTHERS:
        return LeftOut(f"{name} left out")
    if name not in TYPES:
        raise RecordInvalid(f"signalType {str(name)[:LONGEST_QUOTE]!r} is not known")
    if status not in LISTED | WITHDRAWN:
        raise RecordInvalid(f"hashStatus {str(status)[:LONGEST_QUOTE]!r} is not known")
    value = record.get("hashValue")
    if not isinstance(value, str):
        raise RecordInvalid("hashValue is not text")
    return EntryDraft(
        [from_text(TYPES[name], value)],
        votes=_votes(record.get("CSPFeedbacks"), TYPES[name]),
        withdrawn=status in WITHDRAWN,
    )


def _votes(feedbacks: Any, signal_type: SignalType) -> dict[str, dict[str, int]]:
    if not isinstance(feedbacks or [], list):
        raise RecordInvalid("CSPFeedbacks is not a list")
    votes: dict[str, dict[str, int]] = {}
    for feedback in feedbacks or []:
        value = feedback.get("feedbackValue") if isinstance(feedback, dict) else None
        if isinstance(value, str) and value in VOTES:
            counted = votes.setdefault(VOTES[value], {})
            counted[signal_type.value] = counted.get(signal_type.value, 0) + 1
    return votes


def _records_of(entry: HashEntry) -> Iterator[dict[str, Any]]:
    for signal in entry.signals:
        if signal.type in _NAME_OF and not is_flat(signal):
            yield {
                "lastModtimestamp": int(entry.created_at.timestamp()),
                "signalType": _NAME_OF[signal.type],
                "hashValue": signal.hex,
                "hashStatus": "Active",
                "caseNumbers": {},
                "CSPFeedbacks": _feedbacks(entry.votes, signal.type),
            }


def _feedbacks(votes: Mapping[str, Mapping[str, int]], name: str) -> list[dict[str, Any]]:
    return [
        {"source": "", "feedbackValue": value, "tags": []}
        for value, sentiment in VOTES.items()
        for _ in range(votes.get(sentiment, {}).get(name, 0))
    ]
