"""Invented pages of the exchanges."""

from __future__ import annotations

import json
from typing import Any

from tests.matching.importers.records import record

NCMEC_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">\n<images count="2">\n'
)


def image(number: int, *, name: str = "", classification: str = "B2", feedback: str = "") -> str:
    known = record(number)
    return (
        '<image><member id="7">Invented Member</member><timestamp>2026-01-02T03:00:00Z</timestamp>'
        f"<id>{name or f'inv-{number}'}</id><classification>{classification}</classification>"
        f"<fingerprints><md5>{known['md5']}</md5><sha1>{known['sha1']}</sha1>"
        f"<pdq>{known['pdq']}</pdq></fingerprints>"
        f"<feedback>{feedback}</feedback></image>\n"
    )


def tombstone(name: str) -> str:
    return (
        f'<deletedImage><member id="7">Invented Member</member><id>{name}</id>'
        "<timestamp>2026-01-02T03:04:05Z</timestamp></deletedImage>\n"
    )


def ncmec_page(*records: str, following: str = "") -> bytes:
    paging = f"<paging><next>{following}</next></paging>" if following else ""
    tail = f'</images>\n<videos count="0"/>{paging}\n</queryResult>\n'
    return (NCMEC_HEAD + "".join(records) + tail).encode()


def stopncii_record(number: int, *, status: str = "Active", **changes: Any) -> dict[str, Any]:
    return {
        "lastModtimestamp": 1_700_000_000 + number,
        "signalType": "ImagePDQ",
        "hashValue": record(number)["pdq"],
        "hashStatus": status,
        "caseNumbers": {"invented": str(number)},
        "CSPFeedbacks": [{"source": "Other", "feedbackValue": "Blocked", "tags": []}],
        **changes,
    }


def stopncii_page(*records: dict[str, Any], token: str = "", more: bool = False) -> bytes:
    page = {
        "count": len(records),
        "nextPageToken": token,
        "nextSetTimestamp": 1_700_001_000,
        "hasMoreRecords": more,
        "hashRecords": list(records),
    }
    return json.dumps(page).encode()


def media(number: int, **changes: Any) -> dict[str, Any]:
    known = record(number)
    whole = {
        "MediaID": number,
        "Category": 1,
        "MD5": known["md5"].upper(),
        "SHA1": known["sha1"].upper(),
        "MediaSize": 12345,
        "DateUpdated": "/Date(1700000000000)/",
        "IsPrecategorized": "false",
        "Series": "Invented",
    }
    return whole | changes


def vics(*value: dict[str, Any], indent: int | None = None) -> bytes:
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
    return json.dumps({"@odata.context": context, "value": list(value)}, indent=indent).encode()
