"""How the loops of the partial search are compiled.

Every kernel file stands for itself: numba's disk cache notices a change only in the file of the
cached function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])
Integer = int


def compiled(function: F) -> F:
    """Compile on first use; keep the result on disk where some cache directory is writable."""
    try:
        return cast(F, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no directory for the cache: a read-only installation
        return cast(F, numba.njit(nogil=True)(function))


def _popcount_code(_typing: Any, _word: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


popcount: Callable[..., Any] = intrinsic(_popcount_code)
