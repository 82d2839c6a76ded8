"""How hashes are written down in files."""

from __future__ import annotations

import base64
from typing import Final

from matching.hashing import Signal, SignalInvalid, SignalType

PHOTODNA_HEX_DIGITS: Final = 288


def from_base64(signal_type: SignalType, text: str, quality: int | None = None) -> Signal:
    """Raises SignalInvalid."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SignalInvalid(f"{signal_type} is not valid base64") from error
    return Signal(signal_type, value, quality)


def to_base64(signal: Signal) -> str:
    return base64.b64encode(signal.value).decode()


def from_text(signal_type: SignalType, text: str) -> Signal:
    """In hexadecimal, or PhotoDNA also in base64: sources differ. Raises SignalInvalid."""
    text = text.strip()
    if signal_type is SignalType.PHOTODNA and len(text) != PHOTODNA_HEX_DIGITS:
        return from_base64(signal_type, text)
    return Signal.from_hex(signal_type, text)
