"""Which implementation searches: compiled where numba works, NumPy everywhere."""

from __future__ import annotations

from typing import Protocol

from matching.index import numpy_search
from matching.index.neighbours import Bytes, Words
from matching.index.numpy_search import Hits
from matching.index.tables import Numbers, Tables

try:
    from matching.index import compiled_search
except ImportError:  # numba or its LLVM is not available for this platform
    compiled_search = None  # type: ignore[assignment]


class Engine(Protocol):
    """The three loops every index is made of; see `numpy_search` for what each does."""

    def scan(self, words: Words, queries: Words, radius: int) -> Hits: ...
    def probe(self, tables: Tables, queries: Words, radius: int) -> Hits: ...
    def squared_l2(
        self, values: Bytes, query: Bytes, threshold: int
    ) -> tuple[Numbers, Numbers]: ...


def engine(*, compiled: bool = True) -> Engine:
    """The compiled loops, or NumPy's if asked for or if numba cannot be imported."""
    return compiled_search if compiled and compiled_search is not None else numpy_search
