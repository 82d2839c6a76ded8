"""The first page: whose report this is, of when, the figures that matter, and what proves it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import PageBreak, Spacer, Table

from matching.printing.charts import qr_code
from matching.printing.style import (
    BOLD,
    LINE,
    SMALL,
    SUBTITLE,
    TEXT,
    TITLE,
    WIDTH,
    code,
    moment,
    pairs,
    paragraph,
)

QR: float = 46 * mm
MIDNIGHT = datetime.time()


def cover(figures: Mapping[str, Any]) -> list[Any]:
    """The flowables of the cover page."""
    tenant, checkpoint = figures["tenant"], figures["checkpoint"]
    return [
        Spacer(1, 30 * mm),
        paragraph("Compliance report", TITLE),
        paragraph("Detection of known child sexual abuse material by hash matching", SUBTITLE),
        Spacer(1, 10 * mm),
        pairs(
            [
                ("Prepared for", tenant["name"]),
                ("Customer", tenant["id"]),
                ("Period", period_of(figures)),
                ("Environment", figures["environment"]),
                (
                    "State of the audit log",
                    f"{checkpoint['size']:,} events, {moment(checkpoint['at'])}",
                ),
            ]
        ),
        Spacer(1, 10 * mm),
        _key_figures(figures),
        Spacer(1, 12 * mm),
        _proof(checkpoint),
        PageBreak(),
    ]


def period_of(figures: Mapping[str, Any]) -> str:
    """From when to when: whole days by the first and the last of them, both included."""
    since, until = figures["period"]["from"], figures["period"]["to"]
    first = _first(since) if since else "the beginning"
    return f"{first} to {_last(until) if until else moment(figures['checkpoint']['at'])}"


def _first(iso: str) -> str:
    at = datetime.datetime.fromisoformat(iso)
    return f"{at:%Y-%m-%d}" if at.time() == MIDNIGHT else moment(iso)


def _last(iso: str) -> str:
    at = datetime.datetime.fromisoformat(iso)
    if at.time() != MIDNIGHT:
        return f"before {moment(iso)}"
    return f"{at - datetime.timedelta(days=1):%Y-%m-%d} (UTC)"


def _key_figures(figures: Mapping[str, Any]) -> Any:
    submissions = figures["submissions"]
    shown = {
        "submissions": submissions["total"],
        "matches": submissions["by_verdict"]["match"],
        "not checked": submissions["by_verdict"]["not_checked"],
        "requests failed": figures["requests"]["failed"],
    }
    return Table(
        [[f"{value:,}" for value in shown.values()], list(shown)],
        colWidths=[WIDTH / len(shown)] * len(shown),
        style=[
            ("FONT", (0, 0), (-1, 0), BOLD, 18),
            ("FONT", (0, 1), (-1, 1), TEXT.fontName, 8),
            ("BOTTOMPADDING", (0, 0), (-1, 0), 10),
            ("BOX", (0, 0), (-1, -1), 0.5, LINE),
            ("INNERGRID", (0, 0), (-1, -1), 0.5, LINE),
            ("LINEBELOW", (0, 0), (-1, 0), 0.5, "white"),
            ("ALIGN", (0, 0), (-1, -1), "CENTER"),
        ],
    )


def _proof(checkpoint: Mapping[str, Any]) -> Any:
    words = (
        "The figures were counted from an append-only log. This signed checkpoint (C2SP "
        "tlog-checkpoint, Ed25519) fixes that log: whoever exports the events of the period can "
        "verify them against it with the stand-alone verifier, and count again. The code holds "
        "the same text; here its long lines are broken."
    )
    text = [paragraph(words, SMALL), Spacer(1, 4 * mm), code(checkpoint["note"].splitlines())]
    return Table(
        [[text, qr_code(checkpoint["note"], size=QR)]],
        colWidths=[WIDTH - QR - 4 * mm, QR + 4 * mm],
        style=[("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, 0), 6)],
    )
