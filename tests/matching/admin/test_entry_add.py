"""An entry by hand: a picture that is hashed and thrown away, or its hashes."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from matching.models import EntryState, HashEntry
from tests.matching.admin.rows import add, events, page
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db

SHA256, MD5 = "ab" * 32, "0c" * 16


def send(client, hash_list, **fields):
    return client.post(page("hashentry", "add"), {"hash_list": hash_list.pk, **fields})


def told(response) -> str:
    return " ".join(
        str(error) for errors in response.context["form"].errors.values() for error in errors
    )


def test_hashes_become_a_pending_entry(desk, ncmec):
    response = send(desk, ncmec, sha256=SHA256.upper(), md5=f" {MD5} ", external_id="case 4")

    entry = HashEntry.objects.get()
    assert response.url == page("hashentry", "change", entry.pk)
    assert (bytes(entry.sha256).hex(), bytes(entry.md5).hex()) == (SHA256, MD5)
    assert (entry.state, entry.created_by.username) == (EntryState.PENDING, "curator")
    assert entry.violation == ncmec.violation
    assert [event.target for event in events("entry.added")] == [f"entry:{entry.pk}"]


def test_picture_is_hashed_and_gone(desk, ncmec, known_picture):
    send(desk, ncmec, image=SimpleUploadedFile("a.jpg", known_picture), violation="B1")

    entry = HashEntry.objects.get()
    assert bytes(entry.sha256) == hashlib.sha256(known_picture).digest()
    assert entry.pdq is not None
    assert entry.violation == "B1"


def test_flat_picture_is_added_with_a_warning(desk, ncmec):
    flat = render_picture(1).resize((8, 8)).crop((0, 0, 2, 2)).resize((256, 256))
    response = desk.post(
        page("hashentry", "add"),
        {"hash_list": ncmec.pk, "image": SimpleUploadedFile("f.png", as_bytes(flat, "PNG"))},
        follow=True,
    )

    assert b"too flat for PDQ" in response.content


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "Give a picture or at least one hash."),
        ({"sha256": "ab"}, "sha256 takes 32 bytes, not 1."),
        ({"md5": "zz" * 16}, "md5 is not a string of hexadecimal digits."),
        ({"md5": "00" * 16}, "md5 is all zero."),
        ({"pdq": "ab" * 32, "pdq_quality": "101"}, "less than or equal to 100"),
        ({"pdq": "ab" * 32, "pdq_quality": "20"}, "such a low quality"),
    ],
)
def test_what_is_wrong_is_said(desk, ncmec, fields, error):
    response = send(desk, ncmec, **fields)

    assert response.status_code == 200
    assert error in told(response)
    assert not HashEntry.objects.exists()


def test_text_is_no_picture(desk, ncmec):
    response = send(desk, ncmec, image=SimpleUploadedFile("a.jpg", b"hello"))

    assert "can not be hashed" in told(response)


def test_picture_and_hashes_at_once_are_refused(desk, ncmec, known_picture):
    response = send(desk, ncmec, image=SimpleUploadedFile("a.jpg", known_picture), md5=MD5)

    assert "not both" in told(response)


def test_entry_that_the_list_has_is_refused(desk, ncmec, curator):
    add(ncmec, 1, by=curator, external_id="case 4")

    response = send(desk, ncmec, md5=MD5, external_id="case 4")

    assert "ncmec has case 4 already." in told(response)


def test_adding_needs_the_right(outsider_desk, ncmec):
    assert send(outsider_desk, ncmec, md5=MD5).status_code == 403
