"""The published SDK of Arachnid Shield, unmodified, against a running service."""

from __future__ import annotations

import base64
import subprocess
import sys
from hashlib import sha1, sha256
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from PIL import Image

from tests.served import PICTURES, Served, as_jpeg, over_a_socket

pytestmark = over_a_socket

KNOWN, UNKNOWN = as_jpeg(PICTURES.known[0]), as_jpeg(PICTURES.unknown[0])
PROGRAM = """
import sys
from arachnid_shield_sdk import ArachnidShield
from arachnid_shield_sdk.models import ScanMediaFromPdq
shield = ArachnidShield(username="anybody", password=sys.argv[1])
"""


def run(served: Served, program: str, *arguments: str | Path) -> str:
    """What a program with the SDK prints; the SDK reads its address when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + program, served.key, *arguments],
        env={"ARACHNID_SHIELD_URL": f"{served.url}/"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(UNKNOWN)
    return path


def basic(served: Served) -> str:
    return "Basic " + base64.b64encode(f"anybody:{served.key}".encode()).decode()


def test_the_sdk_reads_that_a_picture_is_unknown(served: Served, photo: Path) -> None:
    told = run(
        served,
        "media = shield.scan_media_from_file(sys.argv[2])\n"
        "print(media.matches_known_media, media.classification, end=' ')\n"
        "print(media.sha256_hex, media.size_bytes)",
        photo,
    )
    digest = sha256(UNKNOWN).hexdigest().upper()
    assert told == f"False no-known-match {digest} {len(UNKNOWN)}"


def test_the_sdk_raises_the_detail_of_an_error(served: Served, photo: Path) -> None:
    photo.write_bytes(UNKNOWN[:500])
    told = run(
        served,
        "from arachnid_shield_sdk.models import ArachnidShieldException\n"
        "try: shield.scan_media_from_file(sys.argv[2])\n"
        "except ArachnidShieldException as error: print(error.detail.detail)",
        photo,
    )
    assert told


def test_the_sdk_reads_the_answers_about_hashes(served: Served) -> None:
    values = [pdqhash.compute(as_array(data))[0] for data in (PICTURES.known[0], UNKNOWN)]
    texts = [base64.b64encode(np.packbits(bits).tobytes()).decode() for bits in values]
    told = run(
        served,
        "found = shield.scan_pdq_hashes(ScanMediaFromPdq(hashes=sys.argv[2:]))\n"
        "print([found.scanned_hashes[text].match_type for text in sys.argv[2:]])",
        *texts,
    )
    assert told == "[<MatchType.Near: 'near'>, None]"


def as_array(data: bytes) -> np.ndarray:
    import io  # noqa: PLC0415

    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("path", ["/v1/media/", "/v1/media"])
def test_a_known_picture_is_told_by_the_names_of_what_was_sent(served: Served, path: str) -> None:
    answer = served.ask("POST", path, KNOWN, Authorization=basic(served), Content_Type="image/jpeg")
    names = {
        "sha1_base32": base64.b32encode(sha1(KNOWN).digest()).decode(),  # noqa: S324 the contract's
        "sha256_hex": sha256(KNOWN).hexdigest().upper(),
    }
    assert answer.body == {
        **names,
        "size_bytes": len(KNOWN),
        "classification": "test",
        "match_type": "near",
        "is_match": True,
        "near_match_details": [{"timestamp": 0.0, **names, "classification": "test"}],
    }


def test_a_wrong_password_is_challenged(served: Served) -> None:
    wrong = "Basic " + base64.b64encode(b"anybody:wrong").decode()
    answer = served.ask("POST", "/v1/media/", KNOWN, Authorization=wrong)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert set(answer.body) == {"detail"}


def test_a_video_is_refused_and_not_taken_for_clean(served: Served) -> None:
    answer = served.ask(
        "POST", "/v1/media/", b"\0" * 64, Authorization=basic(served), Content_Type="video/mp4"
    )
    assert (answer.status, set(answer.body)) == (415, {"detail"})


def test_the_version_tells_when_the_lists_changed(served: Served) -> None:
    answer = served.ask("GET", "/v1/version", Authorization=basic(served))
    assert answer.status == 200
    assert answer.body["last_updated_at"]
