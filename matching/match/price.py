"""What a call costs in units of the tenant's quota, by the processor time that it takes.

One unit is about what an ordinary photo takes from end to end; `python -m tests.benchmarks.prices`
measures it.
"""

from __future__ import annotations

PRICE_OF_ADMISSION = 1
"""Of an image: how large it is turns out only when it is decoded."""

PIXELS_A_UNIT = 4_000_000
ITEMS_A_UNIT = 10


def units_of_image(pixels: int) -> int:
    """Units of an image: one for every 4 megapixels begun, over all frames that are looked at."""
    return max(1, -(-pixels // PIXELS_A_UNIT))


def units_of_items(count: int) -> int:
    """Units of a look-up: one for every 10 hash items begun."""
    return max(1, -(-count // ITEMS_A_UNIT))
