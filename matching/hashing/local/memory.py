"""Memory that is used again for the next picture, not given back to the kernel in between.

SIFT's pyramid of one picture takes some 50 MB. To get them page by page, zeroed, for every picture
costs a fifth of the time that it takes to look at one.
"""

from __future__ import annotations

import ctypes
from typing import Final

M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
"""What glibc's mallopt calls them (malloc.h)."""

KEPT: Final = 64 << 20
"""Free bytes, at most, that a process keeps; no wholly free larger piece stays."""

LARGEST: Final = 32 << 20
"""Bytes of one piece from which on it is given back at once, as glibc's own limit is."""


def keep_memory() -> None:
    """Keep what was freed for what comes next; without effect where the C library is not glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, KEPT)
        mallopt(M_MMAP_THRESHOLD, LARGEST)
