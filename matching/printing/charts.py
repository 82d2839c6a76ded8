"""Bars with their numbers beside them, and the QR code of a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing, Line, Rect, String

from matching.printing.style import BAR, BOLD, FAINT, INK, PLAIN, SHADE, WIDTH, number

ROW: Final = 17.0  # points
LABELS: Final = 0.3  # of the width
NUMBERS: Final = 110.0  # points


def bars(values: Mapping[str, int]) -> Any:
    """One horizontal bar a name, in the order given; lengths compare, numbers stand beside."""
    drawing = Drawing(WIDTH, ROW * len(values) + 4)
    start, longest = WIDTH * LABELS, max([*values.values(), 1])
    room = WIDTH - start - NUMBERS
    total = sum(values.values())
    for place, (name, value) in enumerate(values.items()):
        base = ROW * (len(values) - 1 - place) + 4
        drawing.add(String(0, base + 3, name, fontName=PLAIN, fontSize=7.5, fillColor=INK))
        drawing.add(Rect(start, base, room, 10, fillColor=SHADE, strokeColor=None))
        drawing.add(Rect(start, base, room * value / longest, 10, fillColor=BAR, strokeColor=None))
        end = start + room + 6
        drawing.add(
            String(end, base + 3, number(value), fontName=BOLD, fontSize=7.5, fillColor=INK)
        )
        share = f"{100 * value / total:.1f} %" if total else ""
        drawing.add(
            String(
                WIDTH,
                base + 3,
                share,
                fontName=PLAIN,
                fontSize=7,
                fillColor=FAINT,
                textAnchor="end",
            )
        )
    return drawing


def columns(values: Mapping[str, int]) -> Any:
    """One upright bar a day; the first and last day and the largest number are written out."""
    names, height = list(values), 70.0
    drawing = Drawing(WIDTH, height + 24)
    largest, step = max([*values.values(), 1]), WIDTH / max(len(values), 1)
    for place, value in enumerate(values.values()):
        drawing.add(
            Rect(
                place * step,
                12,
                max(step - 1.5, 0.5),
                height * value / largest,
                fillColor=BAR,
                strokeColor=None,
            )
        )
    drawing.add(Line(0, 12, WIDTH, 12, strokeColor=FAINT, strokeWidth=0.5))
    for at, name, anchor in ((0.0, names[0], "start"), (WIDTH, names[-1], "end")):
        drawing.add(
            String(at, 2, name, fontName=PLAIN, fontSize=7, fillColor=FAINT, textAnchor=anchor)
        )
    most = f"at most {number(largest)} a day"
    drawing.add(String(0, height + 16, most, fontName=PLAIN, fontSize=7, fillColor=FAINT))
    return drawing


def qr_code(text: str, *, size: float) -> Any:
    """`text` as a QR code of `size` points, error correction M."""
    code = QrCodeWidget(text, barLevel="M", barWidth=size, barHeight=size)
    drawing = Drawing(size, size)
    drawing.add(code)
    return drawing
