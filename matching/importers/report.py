"""What an import did, or would do, for the person who ran it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from matching.curation import Fate, Merged, Outlook, Room
from matching.importers.rows import Refusal

REFUSALS_KEPT: Final = 10_000
PREVIEWED: Final = 50


@dataclass(slots=True)
class ImportReport:
    """Counts of records. `refusals` are the first REFUSALS_KEPT; `notes` count what was left out.

    `approved` entries are in force now, among them those that waited from an earlier run.
    `preview` shows the first PREVIEWED of what is added, changed and retired.
    """

    added: int = 0
    changed: int = 0
    retired: int = 0
    unchanged: int = 0
    refused: int = 0
    approved: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    preview: list[Outlook] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """What the import run stores and the audit log tells."""
        return {
            "added": self.added,
            "changed": self.changed,
            "retired": self.retired,
            "unchanged": self.unchanged,
            "refused": self.refused,
        }

    @property
    def room(self) -> Room:
        """How many more rows of each fate the preview shows."""
        shown = Counter(outlook.fate for outlook in self.preview)
        return {fate: PREVIEWED - shown[fate] for fate in Fate}

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Count records that give no entry, whatever the list holds."""
        self.refused += len(refusals)
        self.refusals += refusals[: REFUSALS_KEPT - len(self.refusals)]

    def take(self, merged: Merged) -> None:
        """Count what became of the rest."""
        self.added += merged.added
        self.changed += merged.changed
        self.retired += merged.retired
        self.unchanged += merged.unchanged
        self.refused += merged.refused
        late = [Refusal(number, reason) for number, reason in merged.refusals]
        self.refusals = sorted([*self.refusals, *late], key=_number)[:REFUSALS_KEPT]
        self.preview += merged.preview

    def withdraw(self) -> None:
        """Nothing of it took effect, but what was refused is worth knowing."""
        self.added = self.changed = self.retired = self.unchanged = 0
        self.preview = []

    @property
    def preview_as_json(self) -> list[dict[str, Any]]:
        """The preview for a JSON column, with the first refusals at its end."""
        refused = [
            asdict(Outlook(item.number, Fate.REFUSED, "", "", [], item.reason))
            for item in self.refusals[:PREVIEWED]
        ]
        return [*map(asdict, self.preview), *refused]


def _number(refusal: Refusal) -> int:
    return refusal.number
