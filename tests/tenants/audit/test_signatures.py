"""Signed notes and receipts, as the stand-alone verifier reads them."""

from __future__ import annotations

import pytest

from matching import receipts
from tenants.audit import verify
from tenants.audit.verify import Tampered, Unverifiable

# From the documentation and tests of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.
"""
SIGNATURE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_note_of_the_go_implementation_is_read():
    assert verify.signed_text(f"{TEXT}\n{SIGNATURE}\n", PETER) == TEXT


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        f"{TEXT}\n— PeterNeumann AAAA\n",
        f"{TEXT}\n— PeterNeumann not base64\n",
        f"{TEXT}more\n\n{SIGNATURE}\n",
        f"{TEXT}\n{SIGNATURE.replace('PeterNeumann', 'EnochRoot')}\n",
    ],
)
def test_note_without_a_good_signature_is_refused(note):
    with pytest.raises(Unverifiable):
        verify.signed_text(note, PETER)


def test_signatures_of_others_do_not_matter():
    assert verify.signed_text(f"{TEXT}\n— EnochRoot AAAA\n{SIGNATURE}\n", PETER) == TEXT


@pytest.mark.parametrize("key", ["", "name+00000000", PETER.replace("c74f", "c74e"), "a+b+c"])
def test_damaged_key_is_refused(key):
    with pytest.raises(Unverifiable):
        verify.read_key(key)


def test_receipt_is_verified_with_the_published_keys():
    receipt = receipts.sign({"verdict": "match", "submission_id": "sub_1"})

    assert verify.verify_receipt(receipt, receipts.public_keys())["verdict"] == "match"


def test_changed_receipt_is_refused():
    body, _, signature = receipts.sign({"verdict": "match"}).partition(".")
    other, _, _ = receipts.sign({"verdict": "no_known_match"}).partition(".")

    with pytest.raises(Tampered):
        verify.verify_receipt(f"{other}.{signature}", receipts.public_keys())
    with pytest.raises(Tampered):
        verify.verify_receipt(f"{body}.{signature}", [])
