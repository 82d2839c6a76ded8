"""A child that cannot outlive its parent, where the kernel offers that (Linux, prctl(2))."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec a child must not touch the loader.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_parent(number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` for subprocess.Popen: the child gets signal `number` when its parent ends.

    The kernel watches the *thread* that started the child, so start children from the main thread.
    """
    parent = os.getpid()

    def tie() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it ended before the tie was made
            os._exit(1)

    return tie
