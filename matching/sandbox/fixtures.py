"""The fixtures: what each shows, how it is made, and what the service must answer to it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from PIL import Image, ImageOps

from matching.models import MatchType, Verdict, Violation
from matching.pictures import as_bytes, render_picture
from tenants.provocations import HEADER

FIRST_SEED: Final = 70_000  # far from the seeds of the demonstration, of canaries and of tests
UNKNOWN_SEED: Final = 71_000


@dataclass(frozen=True, slots=True)
class Expected:
    """The native API's answer: a verdict, or the code of an error."""

    status: int = 200
    verdict: str | None = None
    match_type: str | None = None
    violation: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Fixture:
    """A file to send to `POST /v1/match` with a test key, `enhance` and `headers` as said here."""

    name: str
    shows: str
    make: Callable[[], bytes]
    expected: Expected
    media_type: str = "image/jpeg"
    enhance: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def fixture_of(name: str) -> Fixture | None:
    return BY_NAME.get(name)


@lru_cache(maxsize=64)
def listed(violation: str) -> bytes:
    """The picture that the sandbox's list knows under this class."""
    seed = FIRST_SEED + list(Violation.values).index(violation)
    return as_bytes(render_picture(seed), "PNG")


@lru_cache(maxsize=1)
def unknown() -> bytes:
    return as_bytes(render_picture(UNKNOWN_SEED), "JPEG", quality=90)


@lru_cache(maxsize=8)
def _altered(change: Callable[[Image.Image], Image.Image]) -> bytes:
    picture = render_picture(FIRST_SEED)
    return as_bytes(change(picture), "JPEG", quality=75)


def _half(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2))


def _part(picture: Image.Image) -> Image.Image:
    """Half of the area, off the middle."""
    width, height = picture.size
    return picture.crop((width // 10, height // 5, width * 8 // 10, height * 9 // 10))


def _flat() -> bytes:
    return as_bytes(Image.new("RGB", (400, 300), "gray"), "PNG")


def _tiny() -> bytes:
    return as_bytes(render_picture(UNKNOWN_SEED).resize((16, 16)), "PNG")


def _huge() -> bytes:
    """A small file whose header claims 30,000 x 30,000 pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )


def _match(match_type: str, violation: str) -> Expected:
    return Expected(verdict=Verdict.MATCH, match_type=match_type, violation=violation)


def _listed(violation: Violation) -> Fixture:
    return Fixture(
        name=f"exact-{violation.value.lower()}",
        shows=f"A picture listed under {violation.value}, byte for byte.",
        make=lambda: listed(violation),
        expected=_match(MatchType.EXACT, violation),
        media_type="image/png",
    )


def _refused(name: str, shows: str, make: Callable[[], bytes], status: int, code: str) -> Fixture:
    return Fixture(name, shows, make, Expected(status=status, code=code), "image/png")


def _provoked(code: str, status: int, shows: str) -> Fixture:
    name = f"provoked-{code.replace('_', '-')}"
    return Fixture(name, shows, unknown, Expected(status=status, code=code), headers={HEADER: code})


FIXTURES: Final = (
    *(_listed(violation) for violation in Violation),
    Fixture(
        "near-recompressed",
        "A listed picture, recompressed at half its size.",
        lambda: _altered(_half),
        _match(MatchType.NEAR, Violation.A1),
    ),
    Fixture(
        "near-mirrored",
        "A listed picture, mirrored.",
        lambda: _altered(ImageOps.mirror),
        _match(MatchType.NEAR, Violation.A1),
    ),
    Fixture(
        "partial-cropped",
        "Half of a listed picture; found with enhance=true.",
        lambda: _altered(_part),
        _match(MatchType.PARTIAL, Violation.A1),
        enhance=True,
    ),
    Fixture(
        "unknown",
        "A picture nobody listed.",
        unknown,
        Expected(verdict=Verdict.NO_KNOWN_MATCH),
    ),
    Fixture(
        "not-checked",
        "A plain gray picture: too flat to be judged, and not to be taken for clean.",
        _flat,
        Expected(verdict=Verdict.NOT_CHECKED),
        "image/png",
    ),
    _refused(
        "undecodable", "A picture cut in half.", lambda: unknown()[:9_000], 422, "image_undecodable"
    ),
    _refused(
        "no-image", "A text.", lambda: b"This is no image.\n" * 8, 415, "unsupported_media_type"
    ),
    _refused("too-small", "16 x 16 pixels.", _tiny, 422, "image_too_small"),
    _refused("too-large", "900 megapixels by its header.", _huge, 413, "image_too_large"),
    _provoked("rate_limited", 429, "More calls than the plan allows."),
    _provoked("quota_exceeded", 429, "The month is used up."),
    _provoked("request_invalid", 400, "A request that was put wrongly."),
    _provoked("index_unavailable", 503, "The service can not look anything up."),
    _provoked("decoder_unavailable", 503, "The service can not decode anything."),
    _provoked("internal_error", 500, "The service fails."),
    Fixture(
        "provoked-slow",
        "An answer that takes five seconds.",
        unknown,
        Expected(verdict=Verdict.NO_KNOWN_MATCH),
        headers={HEADER: "slow=5"},
    ),
)
BY_NAME: Final = {fixture.name: fixture for fixture in FIXTURES}
