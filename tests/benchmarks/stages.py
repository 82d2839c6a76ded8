"""The matchers that are compared, each with references in and the ids found out."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from matching.hashing import MIN_QUALITY, PDQ_RADIUS, hash_image, query_image
from matching.hashing.local import LocalSignature
from matching.hashing.local.memory import keep_memory
from matching.index.local.evidence import Band, Evidence, decide
from matching.index.local.search import MAX_CANDIDATES, find_candidates, weigh_candidates
from matching.index.local.tables import Tables
from tests.local import query_local, register_local

Bytes = NDArray[np.uint8]
Picture = Image.Image


@dataclass
class Clock:
    """CPU milliseconds by step."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, step: str) -> Iterator[None]:
        start = time.process_time()
        yield
        self.spent[step] = 1e3 * (time.process_time() - start)


class Stage(Protocol):
    """A matcher: `add` references, `finish`, then `find` their ids."""

    def add(self, number: int, picture: Picture) -> None: ...
    def finish(self) -> None: ...
    def find(self, picture: Picture, clock: Clock) -> set[int]: ...


class PlainPdq:
    """Facebook's PDQ as it comes: one hash each, distance up to 31."""

    def __init__(self) -> None:
        self._hashes: list[Bytes] = []
        self._ids: list[int] = []

    def add(self, number: int, picture: Picture) -> None:
        bits, quality = pdqhash.compute(np.asarray(picture))
        if quality >= MIN_QUALITY:
            self._hashes.append(np.packbits(bits.astype(np.uint8)))
            self._ids.append(number)

    def finish(self) -> None:
        """Nothing to prepare."""

    def find(self, picture: Picture, clock: Clock) -> set[int]:
        with clock.measure("pdq"):
            bits, quality = pdqhash.compute(np.asarray(picture))
            if quality < MIN_QUALITY:
                return set()
            return _near(np.packbits(bits.astype(np.uint8))[None], self._hashes, self._ids)


class Near:
    """This service's near stage: eight turns, and again without borders."""

    def __init__(self) -> None:
        self._hashes: list[Bytes] = []
        self._ids: list[int] = []

    def add(self, number: int, picture: Picture) -> None:
        hashes = hash_image(as_file(picture))
        for pdq in (hashes.pdq, hashes.trimmed):
            if pdq is not None and pdq.quality >= MIN_QUALITY:
                self._hashes.append(np.frombuffer(pdq.value, np.uint8))
                self._ids.append(number)

    def finish(self) -> None:
        """Nothing to prepare."""

    def find(self, picture: Picture, clock: Clock) -> set[int]:
        data = as_file(picture)
        with clock.measure("near"):
            return _near(query_image(data).trusted(), self._hashes, self._ids)


class CropResistant:
    """imagehash's crop_resistant_hash at its defaults, if the package is there."""

    def __init__(self) -> None:
        self._imagehash: Any = importlib.import_module("imagehash")
        self._hashes: list[tuple[int, Any]] = []

    @staticmethod
    def available() -> bool:
        return importlib.util.find_spec("imagehash") is not None

    def add(self, number: int, picture: Picture) -> None:
        self._hashes.append((number, self._imagehash.crop_resistant_hash(picture)))

    def finish(self) -> None:
        """Nothing to prepare."""

    def find(self, picture: Picture, clock: Clock) -> set[int]:
        with clock.measure("crop_resistant"):
            query = self._imagehash.crop_resistant_hash(picture)
            return {number for number, known in self._hashes if query.matches(known)}


class Local:
    """This service's partial stage, its memory kept as decoder processes keep it.

    `evidence` is what the last `find` saw of each reference.
    """

    def __init__(self, cache: Path | None = None) -> None:
        """`cache`: a folder that keeps signatures, so that a next run need not register anew."""
        keep_memory()
        self._cache = cache
        self._signatures: list[tuple[int, LocalSignature]] = []
        self._tables: Tables | None = None
        self.registration: list[float] = []
        self.gated: list[int] = []
        self.evidence: dict[int, Evidence] = {}
        self.candidates = 0

    def add(self, number: int, picture: Picture) -> None:
        signature = self._registered(np.asarray(picture))
        if signature is None:
            self.gated.append(number)
        else:
            self._signatures.append((number, signature))

    def _registered(self, pixels: Bytes) -> LocalSignature | None:
        kept = self._cache and self._cache / hashlib.sha256(pixels.tobytes()).hexdigest()
        if kept and kept.exists():
            data = kept.read_bytes()
            return LocalSignature.from_bytes(data) if data else None
        start = time.process_time()
        signature = register_local(pixels)
        self.registration.append(1e3 * (time.process_time() - start))
        if kept:
            kept.write_bytes(signature.to_bytes() if signature else b"")
        return signature

    def finish(self) -> None:
        self._tables = Tables.of(self._signatures)

    def find(self, picture: Picture, clock: Clock) -> set[int]:
        assert self._tables is not None
        pixels = np.asarray(picture)
        with clock.measure("extract"):
            query = query_local(pixels)
        with clock.measure("search"):
            candidates = find_candidates(self._tables, query, MAX_CANDIDATES)
        with clock.measure("verify"):
            self.evidence = weigh_candidates(self._tables, query, candidates)
        self.candidates = len(candidates)
        return {n for n, seen in self.evidence.items() if decide(seen) is Band.ACCEPT}


def as_file(picture: Picture) -> bytes:
    """Losslessly, so that a manipulation is exactly what it says."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def _near(queries: Bytes, hashes: list[Bytes], ids: list[int]) -> set[int]:
    if not len(queries) or not hashes:
        return set()
    differing = np.bitwise_count(queries[:, None, :] ^ np.stack(hashes)[None])
    near = (differing.sum(axis=2, dtype=np.int64) <= PDQ_RADIUS).any(axis=0)
    return {ids[position] for position in np.flatnonzero(near).tolist()}
