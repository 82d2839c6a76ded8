"""Cryptographic digests: they find byte-identical copies."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Digests:
    """MD5 (16 bytes), SHA-1 (20 bytes) and SHA-256 (32 bytes) of one file."""

    md5: bytes
    sha1: bytes
    sha256: bytes


def digests(data: bytes) -> Digests:
    """Digest a file's bytes. MD5 and SHA-1 are there because the lists of the field carry them."""
    return Digests(
        md5=hashlib.md5(data, usedforsecurity=False).digest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).digest(),
        sha256=hashlib.sha256(data).digest(),
    )
