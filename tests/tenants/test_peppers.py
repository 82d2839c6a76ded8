"""The pepper is changed without breaking a key."""

from __future__ import annotations

import pytest

from tenants import keys
from tenants.keys import KeyInvalid, peppers
from tenants.models import ApiKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def changed_pepper(acme, settings):
    settings.API_KEY_PEPPER_PREVIOUS = settings.API_KEY_PEPPER
    settings.API_KEY_PEPPER = "a new pepper"


def test_key_works_on_and_moves_over_when_it_is_used(acme, changed_pepper, settings):
    keys.verify(token=acme.secret, address=None)
    settings.API_KEY_PEPPER_PREVIOUS = ""

    assert keys.verify(token=acme.secret, address=None) == acme.key


def test_key_that_was_not_used_meanwhile_ends_with_the_previous_pepper(
    acme, changed_pepper, settings
):
    settings.API_KEY_PEPPER_PREVIOUS = ""

    with pytest.raises(KeyInvalid):
        keys.verify(token=acme.secret, address=None)


def test_it_can_be_told_which_keys_have_not_moved(acme, changed_pepper):
    acme.issue()
    old = ApiKey.objects.exclude(pepper_version=peppers.fingerprint(peppers.current()))
    assert [key.pk for key in old] == [acme.key.pk]
    keys.verify(token=acme.secret, address=None)

    assert not old.all().exists()


def test_wrong_secret_moves_nothing(acme, changed_pepper):
    wrong = f"hs_live_{acme.key.key_id}_{'0' * 43}"
    digest = bytes(ApiKey.objects.get().secret_digest)
    with pytest.raises(KeyInvalid):
        keys.verify(token=wrong + keys.tokens.checksum(wrong), address=None)

    assert bytes(ApiKey.objects.get().secret_digest) == digest


def test_moved_key_costs_one_query_again(acme, changed_pepper, django_assert_num_queries):
    keys.verify(token=acme.secret, address=None)

    with django_assert_num_queries(1):
        keys.verify(token=acme.secret, address=None)


def test_fingerprints_tell_peppers_apart_and_fit_the_column():
    prints = {peppers.fingerprint(f"pepper {number}") for number in range(50)}

    assert len(prints) > 45
    assert all(0 <= one < 2**15 for one in prints)
