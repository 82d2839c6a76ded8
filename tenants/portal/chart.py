"""Stacked bars as figures for an SVG template: no script, no style attribute, no image library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 220  # of the viewBox, in its own units
LEFT, TOP, BOTTOM = 52, 12, 28
BAR_SHARE = 0.62  # of the width that one bar has


@dataclass(frozen=True)
class Stack:
    """One bar of two rectangles, the lower on the ground, the upper on it."""

    lower: int
    upper: int
    x: float
    width: float
    lower_y: float
    lower_height: float
    upper_y: float
    upper_height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Tick:
    value: int
    y: float


def stacks(values: Sequence[tuple[int, int]], *, ceiling: int) -> list[Stack]:
    """A bar for each pair of a lower and an upper value, from left to right."""
    slot = (WIDTH - LEFT) / max(len(values), 1)
    return [
        _stack(lower, upper, slot, slot * number, ceiling)
        for number, (lower, upper) in enumerate(values)
    ]


def ceiling_of(values: Sequence[tuple[int, int]]) -> int:
    """What the highest bar reaches up to."""
    return nice_ceiling(max((lower + upper for lower, upper in values), default=0))


def nice_ceiling(value: int) -> int:
    """The smallest of 4, 6, 8, 10, 20, 30, 40, 60, 80, 100, 200 … that is not below `value`."""
    scale = 1
    while True:
        for digit in (1, 2, 3, 4, 6, 8):
            if digit * scale >= max(value, 4):
                return digit * scale
        scale *= 10


def ticks(ceiling: int) -> list[Tick]:
    """The grid's lines: at nothing, half and all."""
    return [Tick(value, _y(value, ceiling)) for value in (0, ceiling // 2, ceiling)]


def _stack(lower: int, upper: int, slot: float, left: float, ceiling: int) -> Stack:
    lower_y, upper_y = _y(lower, ceiling), _y(lower + upper, ceiling)
    return Stack(
        lower=lower,
        upper=upper,
        x=round(LEFT + left + slot * (1 - BAR_SHARE) / 2, 1),
        width=round(slot * BAR_SHARE, 1),
        lower_y=lower_y,
        lower_height=round(HEIGHT - BOTTOM - lower_y, 1),
        upper_y=upper_y,
        upper_height=round(lower_y - upper_y, 1),
    )


def _y(value: int, ceiling: int) -> float:
    room = HEIGHT - TOP - BOTTOM
    return round(TOP + room * (1 - value / ceiling), 1)
