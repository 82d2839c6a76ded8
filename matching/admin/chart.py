"""A bar chart as figures for an SVG template: no script, no style attribute, no image library."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Sum

from tenants.models import Environment, UsageDay

DAYS = 14
WIDTH, HEIGHT = 720, 220  # of the viewBox, in its own units
LEFT, TOP, BOTTOM = 52, 12, 28
BAR_SHARE = 0.62  # of a day's width


@dataclass(frozen=True)
class Bar:
    """One day: two stacked rectangles, live below, test above."""

    day: datetime.date
    live: int
    test: int
    x: float
    width: float
    live_y: float
    live_height: float
    test_y: float
    test_height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Tick:
    value: int
    y: float


@dataclass(frozen=True)
class Chart:
    """Submissions that matched, by day, oldest first."""

    bars: list[Bar]
    ticks: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM

    @property
    def live(self) -> int:
        return sum(bar.live for bar in self.bars)

    @property
    def test(self) -> int:
        return sum(bar.test for bar in self.bars)


def matches_chart(today: datetime.date) -> Chart:
    """The last DAYS days up to `today` (UTC), from the daily counters."""
    first = today - datetime.timedelta(days=DAYS - 1)
    counted = (
        UsageDay.objects.filter(day__range=(first, today))
        .order_by()
        .values_list("day", "environment")
        .annotate(total=Sum("matches"))
    )
    totals = {(day, environment): int(total) for day, environment, total in counted}
    days = [first + datetime.timedelta(days=number) for number in range(DAYS)]
    return Chart(bars=list(_bars(days, totals)), ticks=_ticks(_ceiling(days, totals)))


def nice_ceiling(value: int) -> int:
    """The smallest of 4, 6, 8, 10, 20, 30, 40, 60, 80, 100, 200 … that is not below `value`."""
    scale = 1
    while True:
        for digit in (1, 2, 3, 4, 6, 8):
            if digit * scale >= max(value, 4):
                return digit * scale
        scale *= 10


def _ceiling(days: list[datetime.date], totals: Mapping[tuple[datetime.date, str], int]) -> int:
    return nice_ceiling(
        max(sum(totals.get((day, kind), 0) for kind in Environment) for day in days)
    )


def _bars(
    days: list[datetime.date], totals: Mapping[tuple[datetime.date, str], int]
) -> Iterator[Bar]:
    ceiling = _ceiling(days, totals)
    slot = (WIDTH - LEFT) / len(days)
    for number, day in enumerate(days):
        live, test = totals.get((day, Environment.LIVE), 0), totals.get((day, Environment.TEST), 0)
        live_y, test_y = _y(live, ceiling), _y(live + test, ceiling)
        yield Bar(
            day=day,
            live=live,
            test=test,
            x=round(LEFT + slot * (number + (1 - BAR_SHARE) / 2), 1),
            width=round(slot * BAR_SHARE, 1),
            live_y=live_y,
            live_height=round(HEIGHT - BOTTOM - live_y, 1),
            test_y=test_y,
            test_height=round(live_y - test_y, 1),
        )


def _ticks(ceiling: int) -> list[Tick]:
    return [Tick(value, _y(value, ceiling)) for value in (0, ceiling // 2, ceiling)]


def _y(value: int, ceiling: int) -> float:
    room = HEIGHT - TOP - BOTTOM
    return round(TOP + room * (1 - value / ceiling), 1)
