"""Project VIC's JSON, versions 1.3 and 2.0: a list of Media, or of Cases that each hold Media.

Only `Category` is a verdict, and what it means depends on the country: the mapping says it,
`{"violations": {"1": "A1"}}`, and a record of any other category is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from matching.curation import EntryDraft
from matching.hashing import Signal, SignalType
from matching.importers.encodings import from_text, to_base64
from matching.importers.guards import RecordInvalid
from matching.importers.json_stream import JsonStream
from matching.importers.mapping import MappingInvalid, violation_of, violations_from_json
from matching.importers.rows import FileUnreadable, Item, parsed
from matching.importers.watermark import Watermark
from matching.models import HashEntry

OLD, NEW = "1.3", "2.0"
_CONTEXT: Final = {
    OLD: ("odata.metadata", "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"),
    NEW: (
        "@odata.context",
        "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media",
    ),
}
_NAMES: Final = {SignalType.MD5: "MD5", SignalType.SHA1: "SHA1", SignalType.SHA256: "SHA256"}
WATERMARK: Final = "hashservice_export"


class VicsJson:
    """Reads both versions and writes the one that was asked for."""

    def __init__(self, mapping: Mapping[str, Any], version: str = NEW) -> None:
        """Raises MappingInvalid when no category is mapped."""
        self.violations = violations_from_json(mapping.get("violations", {}))
        if not self.violations:
            raise MappingInvalid("violations: says what the country's categories mean")
        self.version = version

    def read(self, file: BinaryIO) -> Iterator[Item]:
        """The media in `file`. Raises FileUnreadable."""
        counter = _Counter()
        yield from parsed(
            _media(JsonStream(file), counter), draft_of=self._draft, position=lambda: counter.read
        )

    def write(self, entries: Iterable[HashEntry], *, watermark: Watermark) -> Iterator[bytes]:
        """A document that holds `entries`, with the watermark among the members of its root."""
        name, context = _CONTEXT[self.version]
        head = {name: context, WATERMARK: watermark.as_dict()}
        yield json.dumps(head)[:-1].encode() + b', "value": ['
        categories = {ours: theirs for theirs, ours in self.violations.items()}
        separator = b"\n"
        for entry in entries:
            media = self._media_of(entry, categories)
            if media is not None:
                yield separator + json.dumps(media).encode()
                separator = b",\n"
        yield b"\n]}\n"

    def _draft(self, media: Any) -> EntryDraft:
        if not isinstance(media, dict):
            raise RecordInvalid("not a JSON object")
        number = media.get("MediaID", "")
        if not isinstance(number, int | str):
            raise RecordInvalid("MediaID is neither a number nor text")
        return EntryDraft(
            signals=list(_signals(media)),
            external_id=str(number),
            violation=violation_of(_category(media), self.violations),
        )

    def _media_of(self, entry: HashEntry, categories: Mapping[str, str]) -> dict[str, Any] | None:
        """None for an entry that has no MD5, which the format demands, or no category."""
        signals = {signal.type: signal for signal in entry.signals}
        if SignalType.MD5 not in signals or entry.violation not in categories:
            return None
        category = categories[entry.violation]
        number = entry.external_id
        media: dict[str, Any] = {
            "MediaID": int(number) if _is_number(number) else number,
            "Category": int(category) if category.isdecimal() else category,
            "DateUpdated": entry.created_at.isoformat(timespec="seconds"),
        }
        media |= {
            name: signals[signal_type].hex.upper()
            for signal_type, name in _NAMES.items()
            if signal_type in signals
        }
        return media | self._photodna(signals.get(SignalType.PHOTODNA))

    def _photodna(self, signal: Signal | None) -> dict[str, Any]:
        if signal is None:
            return {}
        text = to_base64(signal)
        if self.version == NEW:
            return {"PhotoDNA": text}
        return {"AlternativeHashes": [{"HashName": "PhotoDNA", "HashValue": text}]}


class _Counter:
    """How many records were read."""

    read = 0


def _media(stream: JsonStream, counter: _Counter) -> Iterator[Any]:
    """Every media object of the document, whether in cases or not."""
    found = False
    for name in stream.members():
        if name == "value":
            found = True
            for _ in stream.items():
                yield from _media_in(stream, counter)
        else:
            stream.skip()
    stream.end()
    if not found:
        raise FileUnreadable("the document has no 'value', where VICS has its media")


def _media_in(stream: JsonStream, counter: _Counter) -> Iterator[Any]:
    """The next object itself, if it is a media; if it is a case, all of its media.

    A case may be larger than memory, and what it is shows only in its members.
    """
    whole = stream.small_value() if stream.peek() == "{" else stream.value()
    if whole is not None:
        for media in _media_of_case(whole):
            yield _counted(media, counter)
        return
    members: dict[str, Any] = {}
    is_case = False
    for name in stream.members():
        if name == "Media" and stream.peek() == "[":
            is_case = True
            for _ in stream.items():
                yield _counted(stream.value(), counter)
        else:
            members[name] = stream.value()
    if not is_case:
        yield _counted(members, counter)


def _media_of_case(whole: Any) -> list[Any]:
    media = whole.get("Media") if isinstance(whole, dict) else None
    return media if isinstance(media, list) else [whole]


def _counted(media: Any, counter: _Counter) -> Any:
    counter.read += 1
    return media


def _signals(media: Mapping[str, Any]) -> Iterator[Signal]:
    for signal_type, name in _NAMES.items():
        if text := _text(media, name):
            yield from_text(signal_type, text)
    if text := _text(media, "PhotoDNA") or _alternative(media.get("AlternativeHashes")):
        yield from_text(SignalType.PHOTODNA, text)


def _alternative(hashes: Any) -> str:
    """The PhotoDNA of version 1.3, where it is one of the alternative hashes."""
    if hashes is None:
        return ""
    if not isinstance(hashes, list) or not all(isinstance(item, dict) for item in hashes):
        raise RecordInvalid("AlternativeHashes is not a list of objects")
    named = (item for item in hashes if str(item.get("HashName", "")).casefold() == "photodna")
    return _text(next(named, {}), "HashValue")


def _category(media: Mapping[str, Any]) -> str:
    category = media.get("Category", "")
    if isinstance(category, bool) or not isinstance(category, int | str) or category == "":
        raise RecordInvalid("Category is missing or no number")
    return str(category)


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name) or ""
    if not isinstance(value, str):
        raise RecordInvalid(f"{name} is not text")
    return value


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and str(int(text)) == text
