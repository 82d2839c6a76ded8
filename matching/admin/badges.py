"""How states and signals look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from matching.hashing import MIN_QUALITY, Signal, SignalType
from matching.models import HashEntry
from tenants.admin.display import badge

SHOWN_DIGITS: Final = 8
DIGESTS: Final = frozenset({SignalType.MD5, SignalType.SHA1, SignalType.SHA256})
TONES: Final[Mapping[str, str]] = {
    "active": "good",
    "approved": "good",
    "confirmed": "good",
    "cancelled": "plain",
    "checked": "warn",
    "exact": "bad",
    "failed": "bad",
    "false_positive": "bad",
    "finished": "good",
    "live": "strong",
    "match": "bad",
    "near": "warn",
    "no_known_match": "good",
    "not_checked": "warn",
    "partial": "warn",
    "open": "warn",
    "pending": "warn",
    "queued": "info",
    "quarantine": "info",
    "running": "info",
    "shadow": "info",
    "suspended": "bad",
    "upheld": "strong",
}
LABELS: Final = {
    SignalType.MD5: "MD5",
    SignalType.SHA1: "SHA-1",
    SignalType.SHA256: "SHA-256",
    SignalType.PDQ: "PDQ",
    SignalType.PHOTODNA: "PhotoDNA",
}


def word_badge(word: str, label: str = "") -> SafeString:
    """`word`, or its `label`, as a badge in the colour of its meaning."""
    return badge(label or word, TONES.get(word, "plain"))


def signal_badges(entry: HashEntry) -> SafeString:
    """Which signals the entry carries: their names, never their values."""
    return format_html_join(
        " ",
        '<span class="badge badge-signal">{}</span>',
        ((LABELS[signal.type],) for signal in entry.signals),
    )


def signal_table(entry: HashEntry) -> SafeString:
    """Each signal with as much as a curator needs to compare it by eye."""
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td>{}</td></tr>',
        ((LABELS[signal.type], described(signal)) for signal in entry.signals),
    )
    return format_html('<table class="facts"><tbody>{}</tbody></table>', rows)


def described(signal: Signal) -> str:
    """A digest's first digits; of a perceptual hash, which can be inverted, only that it is there.

    PDQ and PhotoDNA values let a faint picture be drawn from them, so no page holds one.
    """
    if signal.type in DIGESTS:
        return format_html("<code>{}…</code>", signal.hex[:SHOWN_DIGITS])
    if signal.quality is None:
        return "present"
    if signal.quality < MIN_QUALITY:
        return f"present, quality {signal.quality}: too flat to be matched"
    return f"present, quality {signal.quality}"
