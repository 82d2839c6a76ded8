"""What becomes of a record before it may be an entry."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from matching.curation import EntryDraft, is_flat
from matching.hashing import MIN_QUALITY
from matching.models import HashEntry, Violation

LONGEST_EXTERNAL_ID: Final = HashEntry._meta.get_field("external_id").max_length or 0
VIOLATIONS: Final = frozenset(Violation.values)
FLAT_PDQ_LEFT_OUT: Final = f"PDQ of a quality below {MIN_QUALITY} left out"


class RecordInvalid(ValueError):
    """The record can not become an entry."""


def screened(draft: EntryDraft) -> tuple[EntryDraft, str]:
    """The draft as it may be listed, and a note of what was left out.

    Raises RecordInvalid. Values that no list may carry are refused when they are added.
    """
    _check_texts(draft)
    if draft.withdrawn:
        if not draft.signals and not draft.external_id:
            raise RecordInvalid("does not say which entry was withdrawn")
        return draft, ""
    if not draft.signals:
        raise RecordInvalid("carries no signal")
    kept = [signal for signal in draft.signals if not is_flat(signal)]
    if not kept:
        raise RecordInvalid(f"carries nothing but a PDQ of a quality below {MIN_QUALITY}")
    if len(kept) == len(draft.signals):
        return draft, ""
    return replace(draft, signals=kept), FLAT_PDQ_LEFT_OUT


def _check_texts(draft: EntryDraft) -> None:
    if draft.violation and draft.violation not in VIOLATIONS:
        raise RecordInvalid(f"{draft.violation[:40]!r} is no violation")
    if len(draft.external_id) > LONGEST_EXTERNAL_ID:
        raise RecordInvalid(f"external id of more than {LONGEST_EXTERNAL_ID} characters")
    if not draft.external_id.isprintable() or "\ufffd" in draft.external_id:
        raise RecordInvalid("external id of characters that can not be read")
