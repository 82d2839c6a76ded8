"""What every page has in common: embedded fonts of ReportLab's own package, colours, tables."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, Table

PLAIN, BOLD, MONO = "Vera", "VeraBd", "Courier"
for _name in (PLAIN, BOLD):
    pdfmetrics.registerFont(TTFont(_name, f"{_name}.ttf"))
pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)

PAGE: Final = A4
MARGIN: Final = 20 * mm
WIDTH: Final = PAGE[0] - 2 * MARGIN - 12  # a frame keeps 6 points free on either side
INK: Final = colors.HexColor("#1b2430")
FAINT: Final = colors.HexColor("#5c6878")
LINE: Final = colors.HexColor("#d5dbe3")
SHADE: Final = colors.HexColor("#f3f5f8")
BAR: Final = colors.HexColor("#2b5c8a")

TEXT: Final = ParagraphStyle("text", fontName=PLAIN, fontSize=8.5, leading=12.5, textColor=INK)
SMALL: Final = ParagraphStyle(
    "small", TEXT, fontSize=7.5, leading=10.5, spaceBefore=3, textColor=FAINT
)
CELL: Final = ParagraphStyle("cell", TEXT, fontSize=7.5, leading=10)
NUMBER: Final = ParagraphStyle("number", CELL, alignment=TA_RIGHT)
HEAD: Final = ParagraphStyle("head", CELL, fontName=BOLD)
NUMBER_HEAD: Final = ParagraphStyle("number head", HEAD, alignment=TA_RIGHT)
CODE: Final = ParagraphStyle(
    "code", TEXT, fontName=MONO, fontSize=7.5, leading=10.5, backColor=SHADE, borderPadding=6
)
TITLE: Final = ParagraphStyle("title", TEXT, fontName=BOLD, fontSize=24, leading=30)
SUBTITLE: Final = ParagraphStyle("subtitle", TEXT, fontSize=12, leading=17, textColor=FAINT)
HEADING: Final = ParagraphStyle(
    "heading",
    TEXT,
    fontName=BOLD,
    fontSize=13,
    leading=18,
    spaceBefore=16,
    spaceAfter=6,
    keepWithNext=1,
)
SUBHEADING: Final = ParagraphStyle(
    "subheading",
    TEXT,
    fontName=BOLD,
    fontSize=9.5,
    leading=13,
    spaceBefore=10,
    spaceAfter=4,
    keepWithNext=1,
)
MONO_WIDTH: Final = 0.6  # of a letter of Courier, in ems
ROWS: Final = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.3, LINE),
    ("TOPPADDING", (0, 0), (-1, -1), 2.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ("LEFTPADDING", (0, 0), (0, -1), 0),
    ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
]


def paragraph(text: object, style: Any = TEXT) -> Any:
    """`text` as it is: nothing in it is taken for markup."""
    return Paragraph(escape(str(text)), style)


def code(lines: Sequence[str], *, width: float | None = None) -> Any:
    """Lines to be copied or compared, one below the other.

    Set so small that the longest fits into `width` points; without one, long lines are broken.
    """
    text = "<br/>".join(escape(line) or "&nbsp;" for line in lines)
    longest = max((len(line) for line in lines), default=0)
    if width is None or longest * CODE.fontSize * MONO_WIDTH <= width:
        return Paragraph(text, CODE)
    size = 0.99 * width / (longest * MONO_WIDTH)
    return Paragraph(text, ParagraphStyle("small code", CODE, fontSize=size, leading=1.5 * size))


def moment(iso: str | None) -> str:
    """A time of the figures, `2026-11-01T00:00:30+00:00`, for people: to the second, in UTC."""
    return f"{iso[:19].replace('T', ' ')} UTC" if iso else "-"


def number(value: object) -> str:
    """1234567 as 1,234,567; what is not known as a dash."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    widths: Sequence[float] = (),
    numbers: frozenset[int] = frozenset(),
) -> Any:
    """A table whose head comes again on every page; `numbers` are the columns set to the right.

    `widths` are shares of the page's width, equal ones unless given.
    """
    shares = widths or [1] * len(head)
    heads = [
        paragraph(text, NUMBER_HEAD if column in numbers else HEAD)
        for column, text in enumerate(head)
    ]
    cells = [
        [
            paragraph(number(value), NUMBER if column in numbers else CELL)
            for column, value in enumerate(row)
        ]
        for row in rows
    ]
    return Table(
        [heads, *cells],
        colWidths=[WIDTH * share / sum(shares) for share in shares],
        repeatRows=1,
        style=[
            *ROWS,
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ],
    )


def pairs(rows: Sequence[tuple[str, object]]) -> Any:
    """Names and values, two columns without a head."""
    cells = [[paragraph(name, HEAD), paragraph(number(value), CELL)] for name, value in rows]
    return Table(
        cells,
        colWidths=[WIDTH * 0.36, WIDTH * 0.64],
        style=ROWS,
    )
