"""Cut the space of codes into cells: binary k-means on two levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.index.local.search_kernel import nearest_cells
from matching.index.local.shapes import CODE_BYTES, Bytes, Places, Words

CODES_PER_CELL = 512
ROUNDS = 6
SAMPLE_PER_TOP = 6_000
MAX_TOPS = 160
BREADTH = 4
"""Tops under which a stored code's cell is sought."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """`tops` (t * 4,) and `centres` (t * c * 4,): flat words; a top's centres stand together."""

    tops: Words
    centres: Words

    def __len__(self) -> int:
        return len(self.centres) // 4

    def assign(self, codes: Bytes) -> Places:
        """The cell of each code (n, 32)."""
        cells = np.empty(len(codes), np.int32)
        nearest_cells(self.tops, self.centres, flat_words(codes), BREADTH, cells)
        return cells


def train_cells(codes: Bytes) -> Cells:
    """Cells for codes (n, 32), about 512 codes each; the same codes give the same cells."""
    rng = np.random.default_rng(0)
    tops_count = int(np.clip(np.sqrt(len(codes) / CODES_PER_CELL), 1, MAX_TOPS))
    sample = _sample(codes, tops_count * SAMPLE_PER_TOP, rng)
    tops = _clustered(sample, tops_count, rng)
    owner = _nearest(tops, sample)
    centres = [_clustered(sample[owner == top], tops_count, rng) for top in range(len(tops))]
    return Cells(flat_words(tops), flat_words(np.concatenate(centres)))


def flat_words(codes: Bytes) -> Words:
    """Codes (n, 32) as read-only machine words (n * 4,), whatever their memory layout was."""
    words = np.array(codes, np.uint8, order="C", copy=True).reshape(-1).view(np.uint64)
    words.setflags(write=False)
    return words


def _sample(codes: Bytes, size: int, rng: np.random.Generator) -> Bytes:
    if len(codes) <= size:
        return codes
    return codes[np.sort(rng.choice(len(codes), size, replace=False))]


def _clustered(codes: Bytes, count: int, rng: np.random.Generator) -> Bytes:
    """`count` centres (count, 32): bitwise majorities of what lies nearest to each."""
    if not len(codes):
        return rng.integers(0, 256, (count, CODE_BYTES), np.uint8)
    centres = codes[rng.choice(len(codes), count, replace=len(codes) < count)]
    for _ in range(ROUNDS):
        owner = _nearest(centres, codes)
        for centre in np.unique(owner):
            bits = np.unpackbits(codes[owner == centre], axis=1)
            centres[centre] = np.packbits(bits.mean(axis=0) > 0.5)
    return centres


def _nearest(centres: Bytes, codes: Bytes) -> Places:
    owner = np.empty(len(codes), np.int32)
    # One top over all centres: nothing to choose on the first level.
    nearest_cells(flat_words(centres[:1]), flat_words(centres), flat_words(codes), 1, owner)
    return owner
