"""Reading plain hash items by hand gives what the serializer gives."""

from __future__ import annotations

import pytest

from matching.api.hash_fields import plain_fields
from matching.serializers import HashItemSerializer

SHA256, SHA1, MD5 = "aB" * 32, "0f" * 20, "9C" * 16
SIGNALS = [SHA256, SHA1, MD5, SHA256 + "\n", f" {MD5}", "g" * 64, "é" * 32, "", None, 7, True]
CONTENT_IDS = ["", "a", " a", "a\n", "é", "\u200b", "a\0", "x" * 256, "x" * 257, None, 7, 1.5, True]
QUALITIES = [0, 50, 100, -1, 101, "50", 50.0, None, True]
ITEMS: list[dict[str, object]] = [
    *({name: value} for name in ("sha256", "sha1", "md5", "pdq") for value in SIGNALS),
    *({"md5": MD5, "content_id": value} for value in CONTENT_IDS),
    *({"pdq": SHA256, "pdq_quality": value} for value in QUALITIES),
    {"sha256": SHA256, "sha1": SHA1, "md5": MD5, "pdq": SHA256, "other": 1},
]


@pytest.mark.parametrize("item", ITEMS, ids=repr)
def test_an_item_reads_as_the_serializer_reads_it(item: dict[str, object]) -> None:
    fields = plain_fields(item)
    form = HashItemSerializer(data=item)
    if fields is not None:
        assert form.is_valid()
        assert repr(fields) == repr({name: form.validated_data[name] for name in fields})
        assert fields.keys() == form.validated_data.keys()


@pytest.mark.parametrize("signal", [{"sha256": SHA256}, {"sha1": SHA1}, {"md5": MD5}])
def test_a_usual_item_needs_no_serializer(signal: dict[str, str]) -> None:
    assert plain_fields(signal) == {"content_id": "", **signal}
    assert plain_fields({**signal, "content_id": "upload-1"}) == {
        "content_id": "upload-1",
        **signal,
    }


@pytest.mark.parametrize("item", [None, 7, "md5", [MD5], {}, {"content_id": "a"}], ids=repr)
def test_what_holds_no_signal_is_left_to_the_serializer(item: object) -> None:
    assert plain_fields(item) is None
