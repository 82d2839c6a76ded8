"""Meta's Hasher-Matcher-Actioner: `/m/lookup`, which answers with the names of banks.

Hashes, content ids and distances, which other routes of the original give, never leave the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from matching.dialects.foreign import ForeignView, Problem, files_of
from matching.hashing import Digests, SignalInvalid
from matching.match import HashItem, NotChecked, Outcome, match_hashes, match_image
from matching.models import Match, MatchType, Verdict
from tenants.authentication import ScopeMissing, key_of

DIGEST_BYTES: Final = {"md5": 16, "sha1": 20, "sha256": 32}
PDQ: Final = "pdq"
PDQ_BYTES: Final = 32
PERCEPTUAL_SCOPE: Final = "match:hash"


class LookupView(ForeignView):
    """Answers `Authorization: Bearer`, like the native API."""

    def translated(self, problem: Problem, headers: Mapping[str, str]) -> Response:  # noqa: ARG002
        return Response({"message": problem["detail"]}, status=problem["status"])

    def get(self, request: Request) -> Response:
        """`?signal_type=pdq&signal=<hex>`: the banks, that is lists, that know the signal."""
        kind = request.query_params.get("signal_type", "")
        item = _item(kind, request.query_params.get("signal", ""))
        if kind == PDQ and PERCEPTUAL_SCOPE not in key_of(request).scopes:
            raise ScopeMissing(PERCEPTUAL_SCOPE)
        [outcome] = match_hashes(key=key_of(request), items=[item])
        return Response(_banks(_judged(outcome).matches))

    def post(self, request: Request) -> Response:
        """One file, in the form's field `photo` or any other: the banks by type of signal."""
        files = files_of(request)
        if len(files) != 1:
            raise ParseError("one photo a request")
        outcome = _judged(match_image(key=key_of(request), data=files[0].read()))
        exact = [match for match in outcome.matches if match.match_type == MatchType.EXACT]
        return Response({PDQ: _banks(outcome.matches), "md5": _banks(exact)})


def _item(kind: str, signal: str) -> HashItem:
    if not kind or not signal:
        raise ParseError("signal and signal_type are needed")
    size = {**DIGEST_BYTES, PDQ: PDQ_BYTES}.get(kind)
    if size is None:
        raise ParseError("signal_type must be pdq, md5, sha1 or sha256")
    try:
        value = bytes.fromhex(signal)
    except ValueError as error:
        raise SignalInvalid("a signal is written in hex digits") from error
    if len(value) != size:
        raise SignalInvalid(f"a {kind} signal has {size} bytes, not {len(value)}")
    if kind == PDQ:
        return HashItem(content_id="", digests=None, pdq=value)
    parts: dict[str, Any] = {**dict.fromkeys(DIGEST_BYTES, b""), kind: value}
    return HashItem(content_id="", digests=Digests(**parts))


def _judged(outcome: Outcome) -> Outcome:
    """Raises NotChecked: an empty list of banks would say that it is clean."""
    if outcome.submission.verdict == Verdict.NOT_CHECKED:
        raise NotChecked(f"not checked: {outcome.submission.not_checked_reason}")
    return outcome


def _banks(matches: Iterable[Match]) -> list[str]:
    return list(dict.fromkeys(match.list_slug for match in matches))
