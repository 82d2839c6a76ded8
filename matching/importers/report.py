"""What an import did, for the person who ran it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from matching.curation import Merged
from matching.importers.rows import Refusal, Row

REFUSALS_TOLD: Final = 50


@dataclass(slots=True)
class ImportReport:
    """Counts of records. `refusals` are the first REFUSALS_TOLD; `notes` count what was left out.

    `approved` entries are in force now, among them those that waited from an earlier run.
    """

    added: int = 0
    changed: int = 0
    retired: int = 0
    unchanged: int = 0
    refused: int = 0
    approved: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, int]:
        """What the import run stores and the audit log tells."""
        return {
            "added": self.added,
            "changed": self.changed,
            "retired": self.retired,
            "refused": self.refused,
        }

    def take(self, rows: Sequence[Row], merged: Merged, refusals: Sequence[Refusal]) -> None:
        """Count a lot: what became of its `rows`, and what was refused before that."""
        self.added += merged.added
        self.changed += merged.changed
        self.unchanged += merged.unchanged
        self.notes.update(
            row.note for place, row in enumerate(rows) if row.note and place not in merged.refused
        )
        refused = [
            *refusals,
            *(Refusal(rows[place].number, reason) for place, reason in merged.refused.items()),
        ]
        self.refused += len(refused)
        missing = REFUSALS_TOLD - len(self.refusals)
        self.refusals += sorted(refused, key=lambda refusal: refusal.number)[:missing]
