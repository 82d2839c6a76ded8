"""Who else knows of an entry: other lists with the same hash, and other organisations' votes."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from matching.admin.badges import LABELS, word_badge
from matching.hashing import SignalType
from matching.models import EntryState, HashEntry
from tenants.admin.display import NOTHING

COMPARED: Final = (SignalType.SHA256, SignalType.SHA1, SignalType.MD5, SignalType.PDQ)
MOST_SHOWN: Final = 50


def same_elsewhere(entry: HashEntry) -> list[HashEntry]:
    """Entries of other lists with one of the same hashes, MOST_SHOWN at most, lists loaded."""
    same = Q(pk__in=[])
    for name in COMPARED:
        if value := getattr(entry, name):
            same |= Q(**{name: value})
    others = HashEntry.objects.filter(same).exclude(hash_list=entry.hash_list_id)
    return list(others.select_related("hash_list").order_by("pk")[:MOST_SHOWN])


def independent_sources(entry: HashEntry) -> SafeString:
    """How many other sources list the same hash and have not withdrawn it, and where they do."""
    found = same_elsewhere(entry)
    own = entry.hash_list.source
    standing = {one.hash_list.source for one in found if one.state != EntryState.RETIRED} - {own}
    rows = format_html_join(
        "",
        '<tr><th scope="row"><a href="{}">{}</a></th><td>{}</td><td>{}</td><td>{}</td></tr>',
        (
            (
                reverse("admin:matching_hashentry_change", args=[one.pk]),
                one.hash_list,
                one.hash_list.source,
                word_badge(one.state),
                _shared(entry, one),
            )
            for one in found
        ),
    )
    count = format_html("<strong>{}</strong> besides {}", len(standing), own)
    if not found:
        return count
    return format_html('{}<table class="facts"><tbody>{}</tbody></table>', count, rows)


def _shared(entry: HashEntry, other: HashEntry) -> str:
    """By which signals they are the same."""
    values = ((name, getattr(entry, name), getattr(other, name)) for name in COMPARED)
    return ", ".join(LABELS[name] for name, one, two in values if one and one == two)


def votes_told(votes: dict[str, dict[str, Any]]) -> SafeString | str:
    """`affirmative: MD5 2`, a line for each sentiment."""
    if not votes:
        return NOTHING
    lines = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td>{}</td></tr>',
        ((sentiment, _counted(signals)) for sentiment, signals in sorted(votes.items())),
    )
    return format_html('<table class="facts"><tbody>{}</tbody></table>', lines)


def _counted(signals: dict[str, Any]) -> str:
    names = {str(signal): label for signal, label in LABELS.items()}
    return ", ".join(f"{names.get(name, name)} {count}" for name, count in sorted(signals.items()))
