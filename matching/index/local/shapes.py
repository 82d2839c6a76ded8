"""What this package needs of signatures and queries; `matching.hashing.local` makes both.

Written down here because index and hashing do not import each other.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Floats = NDArray[np.float32]
Affine = NDArray[np.float64]
Numbers = NDArray[np.int64]
Places = NDArray[np.int32]

CODE_BYTES = 32
WORDS = 4
GEOMETRY_BYTES = 4
WINDOWS = 58
WINDOW_BYTES = 8
MAX_KEYPOINTS = 128


class Signature(Protocol):
    """A reference; see `matching.hashing.local.LocalSignature` for the arrays."""

    @property
    def codes(self) -> Bytes: ...
    @property
    def geometry(self) -> Bytes: ...
    @property
    def windows(self) -> Bytes: ...
    @property
    def informative(self) -> NDArray[np.bool_]: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class Aligned(Protocol):
    """Window hashes uint8 (58, 8) read from a query; whole ones and cut ones, bool (58,)."""

    @property
    def hashes(self) -> Bytes: ...
    @property
    def visible(self) -> NDArray[np.bool_]: ...
    @property
    def cut(self) -> NDArray[np.bool_]: ...


class Query(Protocol):
    """A submission; see `matching.hashing.local.QueryFeatures` for the arrays."""

    @property
    def geometry(self) -> Floats: ...
    @property
    def codes(self) -> Bytes: ...
    @property
    def mirrored(self) -> Bytes: ...
    def aligned_windows(self, affine: Any, width: int, height: int, /) -> Aligned: ...
