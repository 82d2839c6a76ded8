"""Signals refuse what cannot be a signal."""

import pytest

from matching.hashing import Signal, SignalInvalid, SignalType

LENGTHS = [("md5", 16), ("sha1", 20), ("sha256", 32), ("pdq", 32), ("photodna", 144)]


@pytest.mark.parametrize(("name", "length"), LENGTHS)
def test_signal_has_the_length_of_its_type(name: str, length: int) -> None:
    kind = SignalType(name)
    assert Signal(kind, bytes(length)).hex == "00" * length
    for wrong in (0, length - 1, length + 1):
        with pytest.raises(SignalInvalid):
            Signal(kind, bytes(wrong))


def test_local_signatures_may_have_any_length_but_none() -> None:
    assert Signal(SignalType.LOCAL, bytes(999)).value == bytes(999)
    with pytest.raises(SignalInvalid):
        Signal(SignalType.LOCAL, b"")


@pytest.mark.parametrize("quality", [-1, 101])
def test_quality_outside_0_to_100_is_refused(quality: int) -> None:
    with pytest.raises(SignalInvalid):
        Signal(SignalType.PDQ, bytes(32), quality)


def test_hexadecimal_digits_of_either_case_are_read_and_written_in_lower_case() -> None:
    assert Signal.from_hex(SignalType.MD5, "AB" * 16, 7) == Signal(SignalType.MD5, b"\xab" * 16, 7)
    assert Signal.from_hex(SignalType.MD5, "AB" * 16).hex == "ab" * 16


@pytest.mark.parametrize("text", ["", "zz" * 16, "ab" * 15, "ab " * 16, "0x" + "ab" * 15, "٣" * 32])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(SignalInvalid):
        Signal.from_hex(SignalType.MD5, text)
