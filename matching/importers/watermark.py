"""Who took a list out of the service, and when: the first line of every exported file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Watermark:
    """The mark of one export."""

    list_slug: str
    exported_by: str
    exported_at: datetime

    def as_dict(self) -> dict[str, str]:
        return {
            "list": self.list_slug,
            "exported_by": self.exported_by,
            "exported_at": self.exported_at.isoformat(timespec="seconds"),
        }

    def __str__(self) -> str:
        return "; ".join(f"{name} {value}" for name, value in self.as_dict().items())
