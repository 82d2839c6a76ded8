"""The first page's chart: submissions that matched, by day."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Sum

from tenants.models import Environment, UsageDay
from tenants.portal.chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    WIDTH,
    Stack,
    Tick,
    ceiling_of,
    nice_ceiling,
    stacks,
    ticks,
)

__all__ = ["DAYS", "Bar", "Chart", "matches_chart", "nice_ceiling"]
DAYS = 14


@dataclass(frozen=True)
class Bar:
    """One day, live below, test above."""

    day: datetime.date
    stack: Stack

    @property
    def live(self) -> int:
        return self.stack.lower

    @property
    def test(self) -> int:
        return self.stack.upper


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
    values = [
        (totals.get((day, Environment.LIVE), 0), totals.get((day, Environment.TEST), 0))
        for day in days
    ]
    ceiling = ceiling_of(values)
    bars = map(Bar, days, stacks(values, ceiling=ceiling))
    return Chart(bars=list(bars), ticks=ticks(ceiling))
