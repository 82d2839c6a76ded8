"""NCMEC's hash sharing, version 2: XML pages of images, videos and tombstones.

One file is one page of `/v2/entries`. An entry is known by `member/id`; `deletedImage` takes it
back. Feedback of other members becomes votes. XML is hostile until proven otherwise: a document
type, and with it every kind of entity bomb, is refused, and so is text of any unreasonable length.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final
from xml.sax import SAXParseException
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from matching.curation import EntryDraft
from matching.hashing import SignalType
from matching.importers.encodings import from_text
from matching.importers.guards import RecordInvalid
from matching.importers.rows import FileUnreadable, Item, LeftOut, parsed
from matching.importers.watermark import Watermark
from matching.models import HashEntry

NAMESPACE: Final = "https://hashsharing.ncmec.org/hashsharing/v2"
TAGS: Final = {
    "md5": SignalType.MD5,
    "sha1": SignalType.SHA1,
    "sha256": SignalType.SHA256,
    "pdna": SignalType.PHOTODNA,
    "pdq": SignalType.PDQ,
}
VOTES: Final = {"affirmativeFeedback": "affirmative", "negativeFeedback": "negative"}
RECORDS: Final = frozenset({"image", "deletedImage", "video", "deletedVideo"})
VIDEO_LEFT_OUT: Final = "videos left out"
CHUNK: Final = 1 << 16
LONGEST_TEXT: Final = 1 << 16
DEEPEST: Final = 32
_TAG_OF: Final = {signal_type: tag for tag, signal_type in TAGS.items()}


class NcmecXml:
    """Reads and writes pages. `next_page` is the page's `paging/next`, once it was read."""

    def __init__(self) -> None:
        self.next_page = ""

    def read(self, file: BinaryIO) -> Iterator[Item]:
        """The entries and tombstones in `file`. Raises FileUnreadable."""
        page = _Page()
        yield from parsed(
            _records(file, page),
            draft_of=_draft,
            position=lambda: 0,
            line_of=lambda record: record.line,
        )
        self.next_page = page.next

    def write(self, entries: Iterable[HashEntry], *, watermark: Watermark) -> Iterator[bytes]:
        """A page that holds `entries`, with the watermark in a comment."""
        mark = str(watermark).replace("--", "- -")
        yield (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            f"<!-- hashservice export: {mark} -->\n"
            f'<queryResult xmlns="{NAMESPACE}">\n<images>\n'
        ).encode()
        yield from (_image(entry).encode() for entry in entries)
        yield b"</images>\n<videos/>\n</queryResult>\n"


class _Record:
    """What was read of one image, video or tombstone; `line` is where it began."""

    __slots__ = ("feedback", "fields", "fingerprints", "kind", "line", "member", "votes")

    def __init__(self, kind: str, line: int) -> None:
        self.kind = kind
        self.line = line
        self.member = ""
        self.fields: dict[str, str] = {}
        self.fingerprints: dict[str, str] = {}
        self.votes: dict[str, dict[str, int]] = {}
        self.feedback = ("", "")


class _Page:
    """Called by expat for each tag; finished records queue up in `done`."""

    def __init__(self) -> None:
        self.done: deque[_Record] = deque()
        self.next = ""
        self._path: list[str] = []
        self._record: _Record | None = None
        self._text: list[str] = []
        self._length = 0
        self.parser = DefusedExpatParser(forbid_dtd=True)
        self.parser.feed(b"")  # makes the expat parser that the handlers belong to
        self._expat: Any = self.parser._parser
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters

    @property
    def position(self) -> str:
        return f"line {self._expat.CurrentLineNumber}, column {self._expat.CurrentColumnNumber + 1}"

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if not self._path and name != "queryResult":
            raise FileUnreadable(f"{self.position}: no queryResult of NCMEC's")
        self._path.append(name)
        self._text, self._length = [], 0
        if len(self._path) > DEEPEST:
            raise FileUnreadable(f"{self.position}: nested beyond all bounds")
        record = self._record
        if record is None:
            if name in RECORDS:
                self._record = _Record(name, self._expat.CurrentLineNumber)
        elif name == "member":
            self._member(record, attributes)
        elif name in VOTES:
            record.feedback = (VOTES[name], attributes.get("type", "").casefold())
            self._vote(record, 0)

    def _member(self, record: _Record, attributes: dict[str, str]) -> None:
        if self._path[-2] == record.kind:
            record.member = attributes.get("id", "")
        elif record.feedback[0]:
            self._vote(record, 1)

    def _vote(self, record: _Record, count: int) -> None:
        sentiment, signal = record.feedback
        if signal in TAGS:
            name, counted = TAGS[signal].value, record.votes.setdefault(sentiment, {})
            counted[name] = counted.get(name, 0) + count

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length > LONGEST_TEXT:
            raise FileUnreadable(f"{self.position}: text of more than {LONGEST_TEXT} characters")
        self._text.append(text)

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        self._path.pop()
        record = self._record
        above = self._path[-1] if self._path else ""
        if record is None:
            if above == "paging" and name == "next":
                self.next = "".join(self._text).strip()
        elif name == record.kind:
            self.done.append(record)
            self._record = None
        elif above == "fingerprints":
            record.fingerprints[name] = "".join(self._text)
        elif above == record.kind:
            record.fields[name] = "".join(self._text).strip()
        elif name in VOTES:
            record.feedback = ("", "")
        self._text, self._length = [], 0


def _records(file: BinaryIO, page: _Page) -> Iterator[_Record]:
    ended = False
    while not ended:
        data = file.read(CHUNK)
        ended = not data
        try:
            if ended:
                page.parser.close()
            else:
                page.parser.feed(data)
        except SAXParseException as error:
            raise FileUnreadable(f"{page.position}: not XML: {error.getMessage()}") from error
        except DefusedXmlException as error:
            raise FileUnreadable(f"{page.position}: a document type is not allowed") from error
        while page.done:
            yield page.done.popleft()


def _draft(record: _Record) -> EntryDraft | LeftOut:
    if record.kind.endswith(("video", "Video")):
        return LeftOut(VIDEO_LEFT_OUT)
    name = record.fields.get("id", "")
    external_id = f"{record.member}/{name}" if record.member and name else name
    if record.kind == "deletedImage":
        return EntryDraft((), external_id, withdrawn=True)
    if not name and not record.fingerprints:
        raise RecordInvalid("carries neither an id nor a fingerprint")
    return EntryDraft(
        signals=[
            from_text(TAGS[tag], text)
            for tag, text in record.fingerprints.items()
            if tag in TAGS and text.strip()
        ],
        external_id=external_id,
        violation=record.fields.get("classification", ""),
        votes={sentiment: counted for sentiment, counted in record.votes.items() if counted},
    )


def _image(entry: HashEntry) -> str:
    member, slash, name = entry.external_id.partition("/")
    if not slash:
        member, name = "", entry.external_id
    fingerprints = "".join(
        f"<{_TAG_OF[signal.type]}>{signal.hex}</{_TAG_OF[signal.type]}>" for signal in entry.signals
    )
    feedback = "".join(
        _feedback(tag, entry.votes.get(sentiment, {})) for tag, sentiment in VOTES.items()
    )
    return (
        f"<image><member id={quoteattr(member)}/><timestamp>{entry.created_at:%Y-%m-%dT%H:%M:%SZ}"
        f"</timestamp><id>{escape(name)}</id><classification>{entry.violation}</classification>"
        f"<fingerprints>{fingerprints}</fingerprints><feedback>{feedback}</feedback></image>\n"
    )


def _feedback(tag: str, counted: dict[str, int]) -> str:
    return "".join(
        f'<{tag} type="{_TAG_OF[SignalType(name)]}">'
        f"<members>{'<member/>' * count}</members></{tag}>"
        for name, count in counted.items()
    )
