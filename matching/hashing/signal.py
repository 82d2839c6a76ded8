"""The value that lists store and images are compared by: a typed, length-checked bit string."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

MIN_QUALITY: Final = 50
"""Below this PDQ quality a picture is too flat: its hash says nothing and must never match."""

PDQ_RADIUS: Final = 31
"""Largest Hamming distance at which two PDQ hashes mean the same picture (PDQ paper, 2019)."""

PDQ_BYTES: Final = 32


class SignalInvalid(ValueError):
    """The value cannot be a signal of its type."""


class SignalType(StrEnum):
    """Kinds of signal a hash list may carry."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    PDQ = "pdq"
    PHOTODNA = "photodna"
    LOCAL = "local"


BYTE_LENGTHS: Final = {
    SignalType.MD5: 16,
    SignalType.SHA1: 20,
    SignalType.SHA256: 32,
    SignalType.PDQ: PDQ_BYTES,
    SignalType.PHOTODNA: 144,
}
"""Local signatures are missing: their length depends on the picture."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of one picture; `quality` (0..100) is known for PDQ only."""

    type: SignalType
    value: bytes
    quality: int | None = None

    def __post_init__(self) -> None:
        """Raise SignalInvalid unless the value is as long as its type demands."""
        expected = BYTE_LENGTHS.get(self.type)
        if expected is not None and len(self.value) != expected:
            raise SignalInvalid(f"{self.type} takes {expected} bytes, not {len(self.value)}")
        if not self.value:
            raise SignalInvalid(f"{self.type} is empty")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise SignalInvalid(f"quality {self.quality} is outside 0..100")

    @classmethod
    def from_hex(cls, type: SignalType, text: str, quality: int | None = None) -> Self:  # noqa: A002
        """Read hexadecimal digits of either case; raise SignalInvalid for anything else."""
        if not text.isascii() or not text.isalnum():
            raise SignalInvalid(f"{type} is not a string of hexadecimal digits")
        try:
            value = bytes.fromhex(text)
        except ValueError as error:
            raise SignalInvalid(f"{type} is not a string of hexadecimal digits") from error
        return cls(type, value, quality)

    @property
    def hex(self) -> str:
        """The value as lower-case hexadecimal digits."""
        return self.value.hex()
