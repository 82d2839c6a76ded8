"""From a match and what the tenant tells of it to the report's XML."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from matching.cybertips.schema import INCIDENT_TYPES, REPORT, Part, checked
from matching.models import Match


@dataclass(frozen=True)
class Incident:
    """What the tenant tells: when it happened, who reports, who is reported. Times are aware."""

    at: datetime.datetime
    reporter_first_name: str
    reporter_last_name: str
    reporter_email: str
    type: str = INCIDENT_TYPES[0]
    url: str = ""
    terms_of_service_url: str = ""
    legal_url: str = ""
    user_id: str = ""
    user_screen_name: str = ""
    user_email: str = ""
    ip_events: list[Mapping[str, Any]] = field(default_factory=list)  # ip, event, at
    note: str = ""


def document_of(match: Match, incident: Incident) -> str:
    """The report as XML, checked. Raises `TipInvalid`."""
    root = Element(REPORT.name)
    _fill(root, REPORT, _content(match, incident))
    indent(root)
    return checked(tostring(root, encoding="unicode"))


def _content(match: Match, incident: Incident) -> dict[str, Any]:
    """The values by the names of their elements; `_fill` brings them into order."""
    return {
        "incidentSummary": {
            "incidentType": incident.type,
            "incidentDateTime": incident.at.isoformat(timespec="seconds"),
        },
        "internetDetails": {"webPageIncident": {"url": incident.url}},
        "reporter": {
            "reportingPerson": {
                "firstName": incident.reporter_first_name,
                "lastName": incident.reporter_last_name,
                "email": incident.reporter_email,
            },
            "termsOfService": incident.terms_of_service_url,
            "legalURL": incident.legal_url,
        },
        "personOrUserReported": {
            "personOrUserReportedPerson": {"email": incident.user_email},
            "espIdentifier": incident.user_id,
            "screenName": incident.user_screen_name,
            "ipCaptureEvent": [
                {
                    "ipAddress": event["ip"],
                    "eventName": event["event"],
                    "dateTime": event["at"].isoformat(timespec="seconds"),
                }
                for event in incident.ip_events
            ],
        },
        "additionalInfo": _how_it_was_found(match, incident.note),
    }


def _how_it_was_found(match: Match, note: str) -> str:
    submission = match.submission
    told = {
        "Found by": f"hash match ({match.match_type})",
        "List": match.source,
        "Industry classification": match.violation,
        "Submission": submission.public_id,
        "Content": submission.content_id,
        "SHA-256 of the file": bytes(submission.sha256).hex() if submission.sha256 else "",
        "Note": note,
    }
    return "\n".join(f"{name}: {value}" for name, value in told.items() if value)


def _fill(element: Element, part: Part, content: Mapping[str, Any]) -> None:
    """Add what `content` has for the parts of `part`, in their order; what is empty is left out."""
    for inner in part.parts:
        found = content.get(inner.name)
        for value in found if isinstance(found, list) else [found]:
            if not _is_told(value):
                continue
            child = SubElement(element, inner.name)
            if isinstance(value, Mapping):
                _fill(child, inner, value)
            else:
                child.text = str(value)


def _is_told(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_told, value.values()))
    if isinstance(value, list):
        return any(map(_is_told, value))
    return bool(value)
