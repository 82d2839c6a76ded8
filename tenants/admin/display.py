"""How values look: badges, points in time, JSON. Colour never stands alone, the word says it."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

NOTHING = "-"  # as Django shows an empty field


def badge(word: str, tone: str = "plain") -> SafeString:
    """`word` on a ground of one of the tones good, warn, bad, info, strong, plain, signal."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, word)


def moment(at: datetime.datetime | None) -> str:
    """A point in time that fits into a column and sorts by eye: `2026-11-22 19:36` (UTC)."""
    if at is None:
        return NOTHING
    return format_html(
        '<time class="moment" datetime="{}">{}</time>', at.isoformat(), f"{at:%Y-%m-%d %H:%M}"
    )


def by_whom(person: object | None, at: datetime.datetime | None) -> str:
    """Who did something and when, on two lines."""
    if person is None:
        return moment(at)
    return format_html('<span class="by-whom">{} {}</span>', person, moment(at))


def pretty_json(data: Any) -> SafeString:
    """A JSON value as indented text."""
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False)
    return format_html('<pre class="json">{}</pre>', text)
