"""ScannedMedia and its relatives.

The original names the listed media by their hashes. Ours never leave the service: where the
contract asks for them stand those of the file that was sent.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha1, sha256
from typing import Any, Final

from matching.match import Outcome
from matching.models import Match, MatchType, Violation

NO_KNOWN_MATCH: Final = "no-known-match"
CLASSIFICATIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys([Violation.A1, Violation.A2, Violation.B1, Violation.B2], "csam"),
    Violation.HARMFUL: "harmful-abusive-material",
    Violation.TEST: "test",
}
"""The gravest first: it is what a file with several is called."""


@dataclass(frozen=True, slots=True)
class Names:
    """A file's digests as this contract writes them."""

    sha1_base32: str
    sha256_hex: str

    @classmethod
    def of(cls, data: bytes) -> Names:
        digest = sha1(data, usedforsecurity=False).digest()
        return cls(base64.b32encode(digest).decode(), sha256(data).hexdigest().upper())

    def fields(self) -> dict[str, str]:
        return {"sha1_base32": self.sha1_base32, "sha256_hex": self.sha256_hex}


def scanned_media(outcome: Outcome, data: bytes) -> dict[str, Any]:
    names = Names.of(data)
    return {
        **names.fields(),
        "size_bytes": len(data),
        "classification": classification(outcome.matches),
        "match_type": _match_type(outcome.matches),
        "is_match": bool(outcome.matches),
        "near_match_details": [
            {"timestamp": 0.0, **names.fields(), "classification": found}
            for found in _distinct(match for match in outcome.matches if _is_near(match))
        ],
    }


def scanned_hash(outcome: Outcome) -> dict[str, Any]:
    """The answer about one PDQ value; a hash has no file whose digests could stand here."""
    found = classification(outcome.matches)
    details = {"timestamp": 0.0, "sha1_base32": "", "sha256_hex": "", "classification": found}
    return {
        "classification": found,
        "match_type": "near" if outcome.matches else None,
        "near_match_details": details if outcome.matches else None,
    }


def classification(matches: Iterable[Match]) -> str:
    return next(iter(_distinct(matches)), NO_KNOWN_MATCH)


def _distinct(matches: Iterable[Match]) -> list[str]:
    found = {CLASSIFICATIONS[match.violation] for match in matches}
    return [name for name in dict.fromkeys(CLASSIFICATIONS.values()) if name in found]


def _match_type(matches: Iterable[Match]) -> str | None:
    kinds = {_is_near(match) for match in matches}
    if not kinds:
        return None
    return "exact" if False in kinds else "near"


def _is_near(match: Match) -> bool:
    return match.match_type != MatchType.EXACT
