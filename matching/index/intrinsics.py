"""What the kernels need from the compiler: caching where possible, POPCNT and PREFETCH.

numba's disk cache does not notice a change in this file; touch `kernel.py` after one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])


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


def _prefetch_code(_typing: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch",
            [pointer],
            ir.FunctionType(ir.VoidType(), [pointer, number, number, number]),
        )
        address = builder.bitcast(builder.gep(data, [arguments[1]]), pointer)
        read, keep_in_all_caches, as_data = number(0), number(3), number(1)
        builder.call(prefetch, [address, read, keep_in_all_caches, as_data])
        return context.get_dummy_value()

    return types.void(array, index), generate


popcount: Callable[..., Any] = intrinsic(_popcount_code)
"""Bits set in a uint64."""

prefetch: Callable[..., Any] = intrinsic(_prefetch_code)
"""Ask for the cache line of an array's element before it is needed."""
