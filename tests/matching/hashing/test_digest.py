"""Digests against the published test vectors."""

from matching.hashing import digests


def test_digests_of_abc_are_those_of_the_standards() -> None:
    """RFC 1321, FIPS 180-4."""
    found = digests(b"abc")
    assert found.md5.hex() == "900150983cd24fb0d6963f7d28e17f72"
    assert found.sha1.hex() == "a9993e364706816aba3e25717850c26c9cd0d89d"
    assert found.sha256.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
