"""The shapes of PhotoDNA Cloud's answers, and its status codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

from matching.match import NotCheckedReason, Outcome
from matching.models import Match, MatchType, Submission, Verdict


class Code(IntEnum):
    OK = 3000
    INVALID_PARAMETER = 3002
    UNHANDLED = 3004
    NOT_AN_IMAGE = 3206
    PIXELS_OUT_OF_RANGE = 3208
    TOO_LARGE = 3209


DESCRIPTIONS: Final[Mapping[Code, str]] = {
    Code.OK: "OK",
    Code.INVALID_PARAMETER: "Invalid or missing request parameter(s)",
    Code.UNHANDLED: "Unknown scenario or unhandled error occurred while processing request",
    Code.NOT_AN_IMAGE: "The given file could not be verified as an image",
    Code.PIXELS_OUT_OF_RANGE: "Image size in pixels is not within allowed range",
    Code.TOO_LARGE: "Request size exceeded",
}
# The original tells the distance. One value a kind of match tells nothing about the listed image.
MATCH_DISTANCES: Final[Mapping[str, int]] = {
    MatchType.EXACT: 0,
    MatchType.NEAR: 100,
    MatchType.PARTIAL: 1000,
}


def single(outcome: Outcome, *, strict: bool) -> dict[str, Any]:
    """The answer to Match."""
    return {
        **item(outcome, strict=strict),
        "XPartnerCustomerId": None,
        "TrackingId": outcome.submission.public_id,
        "EvaluateResponse": None,
    }


def single_failure(code: Code, why: str, *, tracking_id: str, strict: bool) -> dict[str, Any]:
    return {
        **failure(code, why, strict=strict),
        "XPartnerCustomerId": None,
        "TrackingId": tracking_id,
        "EvaluateResponse": None,
    }


def several(items: Sequence[Mapping[str, Any]], *, tracking_id: str) -> dict[str, Any]:
    """The answer to MatchHash and MatchEdgeHash."""
    results = [
        {**one, "XPartnerCustomerId": None, "TrackingId": one.get("TrackingId", tracking_id)}
        for one in items
    ]
    return {"TrackingId": tracking_id, "MatchResults": results}


def item(outcome: Outcome, *, strict: bool) -> dict[str, Any]:
    """What was found about one image or hash."""
    submission = outcome.submission
    if submission.verdict == Verdict.NOT_CHECKED:
        return _not_checked(submission, strict=strict)
    return {
        "Status": _status(Code.OK),
        "ContentId": submission.content_id or None,
        "IsMatch": submission.verdict == Verdict.MATCH,
        "MatchDetails": {"AdvancedInfo": [], "MatchFlags": _flags(outcome.matches)},
    }


def _not_checked(submission: Submission, *, strict: bool) -> dict[str, Any]:
    reason = submission.not_checked_reason
    if reason == NotCheckedReason.SIGNAL_NOT_LISTED:
        code, why = Code.INVALID_PARAMETER, "no list carries PhotoDNA values to compare with"
    else:
        code, why = Code.NOT_AN_IMAGE, f"not checked: {reason}"
    return failure(code, why, strict=strict, content_id=submission.content_id)


def failure(code: Code, why: str, *, strict: bool, content_id: str = "") -> dict[str, Any]:
    """Nothing was checked. `IsMatch` is false for compatibility, absent in strict mode."""
    return {
        "Status": _status(code, why),
        "ContentId": content_id or None,
        **({} if strict else {"IsMatch": False}),
        "MatchDetails": {"AdvancedInfo": [], "MatchFlags": []},
    }


def reported(report_ids: Sequence[str], *, tracking_id: str) -> dict[str, Any]:
    """The answer to Report, which the original documents nowhere; a report for each match."""
    return {
        "Status": _status(Code.OK),
        "TrackingId": tracking_id,
        "ReportId": report_ids[0],
        "ReportIds": list(report_ids),
    }


def _status(code: Code, why: str | None = None) -> dict[str, Any]:
    return {"Code": int(code), "Description": DESCRIPTIONS[code], "Exception": why}


def _flags(matches: Iterable[Match]) -> list[dict[str, Any]]:
    """One flag a source, with every violation it names and its strongest match."""
    by_source: dict[str, list[Match]] = {}
    for match in matches:
        by_source.setdefault(match.source, []).append(match)
    return [_flag(source, found) for source, found in by_source.items()]


def _flag(source: str, found: Sequence[Match]) -> dict[str, Any]:
    strongest = min(found, key=lambda match: MATCH_DISTANCES[match.match_type])
    return {
        "AdvancedInfo": [{"Key": "MatchId", "Value": strongest.public_id}],
        "Source": source,
        "Violations": list(dict.fromkeys(match.violation for match in found)),
        "MatchDistance": MATCH_DISTANCES[strongest.match_type],
    }
