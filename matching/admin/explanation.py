"""Why a submission matched: what was measured beside what the rules ask, then and now.

Distances are for curators, who see these pages alone; tenants are told none.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from matching.admin.badges import word_badge
from matching.hashing import MIN_QUALITY, PDQ_RADIUS
from matching.models import Decided, Decision, HashList, ListState, Match, MatchType
from tenants.admin.display import NOTHING, by_whom, moment

Line = tuple[str, object, object]


def explained(match: Match) -> SafeString:
    """A table of every rule that counted: what held when it matched, and what holds now."""
    lines = format_html_join(
        "", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>', _lines(match)
    )
    return format_html(
        '<div class="scroller" tabindex="0" role="group" aria-label="Rules">'
        '<table class="facts explanation"><thead><tr><th scope="col">Rule</th>'
        '<th scope="col">When it matched</th><th scope="col">Now</th></tr></thead>'
        "<tbody>{}</tbody></table></div>",
        lines,
    )


def explained_in_short(match: Match) -> str:
    """The rule that was decisive: `17 of at most 31 bits`."""
    if _is_by_photodna(match):
        return f"PhotoDNA, {match.distance} squared Euclidean"
    if match.match_type == MatchType.NEAR:
        threshold = threshold_at(match.entry.hash_list, _matched_at(match))
        return f"{match.distance} of at most {threshold} bits"
    if match.match_type == MatchType.EXACT:
        return f"same {_same_digest(match)}"
    return f"a part, band {match.confidence or NOTHING}"


def threshold_at(hash_list: HashList, at: datetime.datetime) -> int:
    """The list's PDQ threshold at that moment: the decision that changed it next knows it."""
    changes = Decision.objects.filter(
        hash_list=hash_list, field=Decided.PDQ_THRESHOLD, applied_at__gt=at
    )
    before = changes.order_by("applied_at", "pk").values_list("before", flat=True).first()
    return hash_list.pdq_threshold if before is None else int(before)


def _lines(match: Match) -> Iterator[Line]:
    entry, hash_list, at = match.entry, match.entry.hash_list, _matched_at(match)
    yield "Found", _how(match), _standing(match)
    yield from _measured(match, at)
    # Only lists and entries in force answer, so both were.
    yield "List", _state(match.list_slug, ListState.ACTIVE), _state(hash_list, hash_list.state)
    yield (
        "Entry",
        _state(entry, "active"),
        format_html(
            "{} {} {}",
            word_badge(entry.state),
            by_whom(entry.retired_by, entry.retired_at) if entry.retired_at else "",
            entry.reason,
        ),
    )
    yield "Class", match.violation, entry.violation
    yield "Lists version", match.submission.lists_version_label, NOTHING


def _measured(match: Match, at: datetime.datetime) -> Iterator[Line]:
    entry, hash_list = match.entry, match.entry.hash_list
    if match.match_type == MatchType.EXACT:
        yield "Digest", f"{_same_digest(match)} is the same", NOTHING
    elif _is_by_photodna(match):
        yield "Distance", f"PhotoDNA, {match.distance} squared Euclidean", NOTHING
    elif match.match_type == MatchType.NEAR:
        yield (
            "Distance",
            f"{match.distance} bits, at most {threshold_at(hash_list, at)}",
            _by_todays_threshold(match),
        )
        quality = "not told by its source" if entry.pdq_quality is None else entry.pdq_quality
        yield "Quality of the entry", f"{quality}, at least {MIN_QUALITY} where told", NOTHING
    else:
        yield "Part", f"band {match.confidence or NOTHING}", NOTHING


def _is_by_photodna(match: Match) -> bool:
    """Rows do not name the signal: what is beyond the radius of PDQ, or has none, was not PDQ."""
    is_far = (match.distance or 0) > PDQ_RADIUS
    near = match.match_type == MatchType.NEAR
    return near and match.entry.photodna is not None and (is_far or not match.entry.searched_pdq)


def _by_todays_threshold(match: Match) -> str:
    threshold = match.entry.hash_list.pdq_threshold
    verdict = "near enough" if (match.distance or 0) <= threshold else "too far"
    return f"at most {threshold}: {verdict}"


def _how(match: Match) -> SafeString:
    stage = word_badge(match.match_type)
    at = moment(_matched_at(match))
    if match.is_retroactive:
        return format_html("{} later, by lookback, {}", stage, at)
    return format_html("{} at once, {}", stage, at)


def _standing(match: Match) -> str:
    return (
        format_html("withdrawn {}", moment(match.withdrawn_at)) if match.withdrawn_at else "stands"
    )


def _state(subject: object, state: str) -> SafeString:
    return format_html("{} {}", subject, word_badge(state))


def _matched_at(match: Match) -> datetime.datetime:
    return match.created_at or match.submission.created_at


def _same_digest(match: Match) -> str:
    """Of the submission the SHA-256 alone is kept, so another digest is told by exclusion."""
    kept, listed = match.submission.sha256, match.entry.sha256
    if kept is None:
        return "digest (which one is not kept)"
    return "SHA-256" if listed and bytes(kept) == bytes(listed) else "SHA-1 or MD5"
