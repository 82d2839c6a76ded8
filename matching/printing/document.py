"""The document: cover and chapters, each page with its number and the report's name."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import SimpleDocTemplate

from matching.printing.cover import cover, period_of
from matching.printing.sections import chapters
from matching.printing.style import FAINT, LINE, MARGIN, PAGE, PLAIN


def printed(figures: Mapping[str, Any]) -> bytes:
    """The PDF of a report's figures; the same figures give the same bytes."""
    _, pages = _built(figures, pages=0)  # the numbers of pages are known when all are set
    document, _ = _built(figures, pages=pages)
    return document


def _built(figures: Mapping[str, Any], *, pages: int) -> tuple[bytes, int]:
    file = io.BytesIO()
    name = figures["tenant"]["name"]
    document = SimpleDocTemplate(
        file,
        pagesize=PAGE,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        invariant=1,
        lang="en",
        title=f"Compliance report: {name}",
        subject=period_of(figures),
        author="hashservice",
    )

    def first(canvas: Any, page: Any) -> None:
        canvas.setDateFormatter(lambda *_: _made_at(figures))
        foot(canvas, page)

    def foot(canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setStrokeColor(LINE)
        canvas.line(MARGIN, 14 * mm, PAGE[0] - MARGIN, 14 * mm)
        canvas.setFont(PLAIN, 7)
        canvas.setFillColor(FAINT)
        canvas.drawString(MARGIN, 10 * mm, f"{name}   {period_of(figures)}")
        canvas.drawRightString(PAGE[0] - MARGIN, 10 * mm, f"page {page.page} of {pages}")
        canvas.restoreState()

    document.build([*cover(figures), *chapters(figures)], onFirstPage=first, onLaterPages=foot)
    return file.getvalue(), document.page


def _made_at(figures: Mapping[str, Any]) -> str:
    """The time of the checkpoint as PDF writes times: the document tells no later one."""
    at = datetime.datetime.fromisoformat(figures["checkpoint"]["at"])
    return f"D:{at:%Y%m%d%H%M%S}+00'00'"
