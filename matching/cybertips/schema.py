"""The report's XML: which element may stand where, after NCMEC's schema.

The CyberTipline refuses documents whose elements stand in another order (response 4100), so the
order is data here: documents are built by it, and checked by it before they are sent. It is the
part of the schema that reports of hash matches need
(https://report.cybertip.org/ispws/documentation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

INCIDENT_TYPES: Final = (
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
)
EVENT_NAMES: Final = ("Login", "Registration", "Purchase", "Upload", "Other", "Unknown")
MOST_CHARACTERS: Final = 3000


class TipInvalid(ValueError):
    """The report is not what the CyberTipline takes; the text says why."""


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


@dataclass(frozen=True)
class Part:
    """An element and what may stand in it, in this order."""

    name: str
    parts: tuple[Part, ...] = ()
    required: bool = False
    repeated: bool = False
    fits: Callable[[str], bool] = field(default=bool)


_PERSON: Final = (Part("firstName"), Part("lastName"), Part("email", repeated=True))
_IP_EVENT: Final = Part(
    "ipCaptureEvent",
    (
        Part("ipAddress", required=True),
        Part("eventName", fits=EVENT_NAMES.__contains__),
        Part("dateTime", fits=_is_time),
    ),
    repeated=True,
)
REPORT: Final = Part(
    "report",
    (
        Part(
            "incidentSummary",
            (
                Part("incidentType", required=True, fits=INCIDENT_TYPES.__contains__),
                Part("incidentDateTime", required=True, fits=_is_time),
            ),
            required=True,
        ),
        Part(
            "internetDetails",
            (Part("webPageIncident", (Part("url", required=True),), required=True),),
        ),
        Part(
            "reporter",
            (
                Part("reportingPerson", _PERSON, required=True),
                Part("termsOfService"),
                Part("legalURL"),
            ),
            required=True,
        ),
        Part(
            "personOrUserReported",
            (
                Part("personOrUserReportedPerson", _PERSON),
                Part("espIdentifier"),
                Part("screenName"),
                _IP_EVENT,
            ),
        ),
        Part("additionalInfo"),
    ),
)


def checked(document: str) -> str:
    """The document, if the CyberTipline will take it. Raises `TipInvalid`."""
    try:
        root = fromstring(document)
    except ParseError as error:  # control characters, and others that XML has no place for
        raise TipInvalid(f"the report is no XML: {error}") from error
    wrong = [f"there is no report but {root.tag}"] if root.tag != REPORT.name else []
    wrong += _wrong(root, REPORT, "report")
    if wrong:
        raise TipInvalid("; ".join(wrong))
    return document


def _wrong(element: Element, part: Part, path: str) -> Iterator[str]:
    if not part.parts:
        text = element.text or ""
        if len(element) or not part.fits(text) or len(text) > MOST_CHARACTERS:
            yield f"{path} has no good value"
        return
    places = {inner.name: place for place, inner in enumerate(part.parts)}
    found = [child.tag for child in element]
    yield from (f"{path} may not hold {name}" for name in found if name not in places)
    known = [places[name] for name in found if name in places]
    if known != sorted(known):
        yield f"the elements of {path} stand in the wrong order"
    for inner in part.parts:
        children = element.findall(inner.name)
        if inner.required and not children:
            yield f"{path} lacks {inner.name}"
        if len(children) > 1 and not inner.repeated:
            yield f"{path} has {inner.name} more than once"
        for child in children:
            yield from _wrong(child, inner, f"{path}/{inner.name}")
