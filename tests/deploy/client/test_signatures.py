"""Webhooks and receipts are believed only when the service signed them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from matching.receipts import public_keys, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = b'{"type":"match.found"}'
NOW = 1_700_000_000.0
# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


def delivery(secret: str = SECRET, body: bytes = BODY, at: float = NOW) -> dict[str, str]:
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), body.decode())
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(at)),
        "Webhook-Signature": signature,
    }


@pytest.fixture
def verify(hashservice_client: ModuleType) -> Callable[..., Any]:
    return lambda *asked, **options: hashservice_client.verify_webhook(*asked, now=NOW, **options)


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_ed25519_accepts_the_vectors_of_the_rfc(
    hashservice_client: ModuleType, public: str, message: str, signature: str
) -> None:
    verifies = hashservice_client._ed25519_verifies
    arguments = [bytes.fromhex(text) for text in (public, signature, message)]
    assert verifies(*arguments)


@pytest.mark.parametrize("position", range(0, 64, 7))
def test_ed25519_refuses_every_altered_signature(
    hashservice_client: ModuleType, position: int
) -> None:
    public, message, signature = (bytes.fromhex(text) for text in VECTORS[1])
    altered = bytearray(signature)
    altered[position] ^= 1
    assert not hashservice_client._ed25519_verifies(public, bytes(altered), message)


def test_ed25519_refuses_a_scalar_beyond_the_order(hashservice_client: ModuleType) -> None:
    public, message, signature = (bytes.fromhex(text) for text in VECTORS[1])
    scalar = int.from_bytes(signature[32:], "little") + hashservice_client._ORDER
    malleable = signature[:32] + scalar.to_bytes(32, "little")
    assert not hashservice_client._ed25519_verifies(public, malleable, message)


def test_a_delivery_signed_by_the_published_library_is_good(verify: Callable[..., Any]) -> None:
    assert verify(BODY, delivery(), secrets=[SECRET]) == json.loads(BODY)


def test_during_a_rotation_either_secret_will_do(verify: Callable[..., Any]) -> None:
    assert verify(BODY, delivery(), secrets=[OTHER, SECRET]) == json.loads(BODY)


def test_a_delivery_signed_with_another_secret_is_refused(
    hashservice_client: ModuleType, verify: Callable[..., Any]
) -> None:
    with pytest.raises(hashservice_client.SignatureInvalid):
        verify(BODY, delivery(OTHER), secrets=[SECRET])


def test_an_altered_body_is_refused(
    hashservice_client: ModuleType, verify: Callable[..., Any]
) -> None:
    with pytest.raises(hashservice_client.SignatureInvalid):
        verify(BODY + b" ", delivery(), secrets=[SECRET])


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_delivery_from_another_time_is_refused(
    hashservice_client: ModuleType, verify: Callable[..., Any], seconds: int
) -> None:
    with pytest.raises(hashservice_client.SignatureInvalid, match="time"):
        verify(BODY, delivery(at=NOW + seconds), secrets=[SECRET])


def test_an_asymmetric_signature_is_good(
    hashservice_client: ModuleType, verify: Callable[..., Any]
) -> None:
    encode = hashservice_client.base64.b64encode
    key = Ed25519PrivateKey.generate()
    signature = key.sign(f"msg_1.{int(NOW)}.".encode() + BODY)
    headers = {**delivery(), "Webhook-Signature": "v1a," + encode(signature).decode()}
    public = "whpk_" + encode(key.public_key().public_bytes_raw()).decode()
    assert verify(BODY, headers, public_keys=[public]) == json.loads(BODY)


def test_a_receipt_of_the_service_is_good(hashservice_client: ModuleType) -> None:
    receipt = sign({"verdict": "match", "sha256": "ab" * 32})
    stated = hashservice_client.verify_receipt(receipt, public_keys(), sha256="AB" * 32)
    assert stated["verdict"] == "match"


def test_a_receipt_of_another_file_is_refused(hashservice_client: ModuleType) -> None:
    receipt = sign({"verdict": "match", "sha256": "ab" * 32})
    with pytest.raises(hashservice_client.SignatureInvalid, match="another file"):
        hashservice_client.verify_receipt(receipt, public_keys(), sha256="cd" * 32)


@pytest.mark.parametrize("receipt", ["", ".", "e30", "e30.AAAA", "…"])
def test_a_forged_receipt_is_refused(hashservice_client: ModuleType, receipt: str) -> None:
    with pytest.raises(hashservice_client.SignatureInvalid):
        hashservice_client.verify_receipt(receipt, public_keys())
