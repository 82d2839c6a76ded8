"""What is read in the statement that looks a key up."""

from __future__ import annotations

import time

import pytest

from matching.models import ListsVersion
from tenants import keys
from tenants.keys import along
from tenants.models import ApiKey, Plan

pytestmark = pytest.mark.django_db


def test_lists_version_comes_with_the_key(acme, django_assert_num_queries):
    keys.verify(token=acme.secret, address=None)
    with django_assert_num_queries(1):
        key = keys.verify(token=acme.secret, address=None)
        version = along(key, ListsVersion, seconds=60)

    assert version == ListsVersion.objects.get()


def test_each_look_up_reads_it_anew(acme):
    before = along(keys.verify(token=acme.secret, address=None), ListsVersion, seconds=60)
    advanced = ListsVersion.objects.advance()
    after = along(keys.verify(token=acme.secret, address=None), ListsVersion, seconds=60)

    assert before is not None
    assert after is not None
    assert (before.version, after.version) == (advanced - 1, advanced)


def test_what_was_read_too_long_ago_is_not_given(acme):
    key = keys.verify(token=acme.secret, address=None)
    time.sleep(0.02)

    assert along(key, ListsVersion, seconds=0.01) is None


def test_nothing_comes_with_a_key_that_was_read_in_another_way(acme):
    assert along(ApiKey.objects.get(pk=acme.key.pk), ListsVersion, seconds=60) is None


def test_a_model_that_is_not_read_along_is_not_given(acme):
    assert along(keys.verify(token=acme.secret, address=None), Plan, seconds=60) is None
