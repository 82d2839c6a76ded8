"""Look-ups as clients of Meta's Hasher-Matcher-Actioner make them."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pdqhash
import pytest
from PIL import Image

from tests.served import PICTURES, Answer, Served, as_jpeg, form, over_a_socket

pytestmark = over_a_socket

KNOWN, UNKNOWN = PICTURES.known[0], PICTURES.unknown[0]


def pdq(data: bytes) -> str:
    bits, _ = pdqhash.compute(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    return np.packbits(bits).tobytes().hex()


def look_up(served: Served, query: str) -> Answer:
    return served.ask("GET", f"/m/lookup?{query}", Authorization=f"Bearer {served.key}")


def upload(served: Served, data: bytes) -> Answer:
    body, content_type = form(("photo", "photo.jpg", data))
    bearer = f"Bearer {served.key}"
    return served.ask("POST", "/m/lookup", body, Authorization=bearer, Content_Type=content_type)


def test_a_known_hash_answers_with_its_banks(served: Served) -> None:
    assert look_up(served, f"signal_type=pdq&signal={pdq(KNOWN)}").body == ["demo"]


def test_an_unknown_hash_answers_with_no_bank(served: Served) -> None:
    assert look_up(served, f"signal_type=pdq&signal={pdq(UNKNOWN)}").body == []


def test_a_known_digest_answers_with_its_banks(served: Served) -> None:
    digest = hashlib.md5(KNOWN).hexdigest()  # noqa: S324 what lists carry
    assert look_up(served, f"signal_type=md5&signal={digest}").body == ["demo"]


def test_an_uploaded_photo_answers_by_type_of_signal(served: Served) -> None:
    assert upload(served, KNOWN).body == {"pdq": ["demo"], "md5": ["demo"]}
    assert upload(served, as_jpeg(KNOWN)).body == {"pdq": ["demo"], "md5": []}


def test_an_unknown_photo_is_in_no_bank(served: Served) -> None:
    assert upload(served, as_jpeg(UNKNOWN)).body == {"pdq": [], "md5": []}


def test_a_photo_too_flat_to_judge_is_an_error_and_not_an_empty_list(served: Served) -> None:
    flat = io.BytesIO()
    Image.new("RGB", (400, 300), "gray").save(flat, "PNG")
    answer = upload(served, flat.getvalue())
    assert (answer.status, set(answer.body)) == (422, {"message"})


@pytest.mark.parametrize(
    "query", ["", "signal=00", "signal_type=pdq&signal=xyz", "signal_type=video_md5&signal=00"]
)
def test_bad_questions_are_errors(served: Served, query: str) -> None:
    assert look_up(served, query).status in {400, 422}
