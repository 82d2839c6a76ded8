"""The text of a key, as published: what a secret scanner would rely on."""

from __future__ import annotations

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.keys import TOKEN_PATTERN, KeyInvalid, verify
from tenants.keys.tokens import checksum, key_id_of, new_token
from tenants.models import BASE62

EXAMPLE = "hs_live_0123456789AB_" + "a" * 43
base62 = st.sampled_from(BASE62)


@pytest.mark.parametrize("environment", ["live", "test"])
def test_token_has_the_published_shape(environment):
    key_id, token = new_token(environment)

    assert TOKEN_PATTERN.fullmatch(token)
    assert token.startswith(f"hs_{environment}_{key_id}_")
    assert [len(part) for part in token.split("_")] == [2, 4, 12, 49]


def test_checksum_is_the_crc_32_in_base62_padded_with_zeros():
    # The CRC catalogue's check value: CRC-32 of "123456789" is 0xCBF43926.
    assert checksum("123456789") == "3jZRME"
    assert checksum("") == "000000"


@given(st.text(base62, min_size=1, max_size=60))
def test_checksum_is_read_back_as_the_crc_32(body):
    number = 0
    for digit in checksum(body):
        number = number * 62 + BASE62.index(digit)

    assert number == binascii.crc32(body.encode())


@given(st.text(base62, min_size=49, max_size=49))
def test_random_text_of_the_right_shape_is_no_key(tail):
    token = f"hs_live_0123456789AB_{tail}"

    assert (key_id_of(token) is not None) == (checksum(token[:-6]) == token[-6:])


@given(position=st.integers(8, 69), digit=base62)
def test_one_wrong_character_is_noticed(position, digit):
    token = EXAMPLE + checksum(EXAMPLE)
    damaged = token[:position] + digit + token[position + 1 :]

    assert (key_id_of(damaged) is not None) == (damaged == token)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hs_live_",
        "hs_prod" + EXAMPLE[7:] + checksum(EXAMPLE),
        EXAMPLE,
        "ключ",
        "\x00",
        "a" * 9999,
    ],
)
def test_text_of_another_shape_is_refused_without_a_database(text):
    # pytest-django forbids the database here: a look-up would fail the test.
    with pytest.raises(KeyInvalid):
        verify(token=text, address=None)


def test_wrong_checksum_costs_no_query():
    _, token = new_token("live")
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")

    with pytest.raises(KeyInvalid):
        verify(token=wrong, address=None)
