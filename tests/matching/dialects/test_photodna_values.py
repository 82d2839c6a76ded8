"""PhotoDNA values that tenants made themselves, against those that lists carry."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from django.test import Client

from matching.curation import (
    EntryDraft,
    add_entry,
    approve_entry,
    retire_entry,
)
from matching.hashing import Signal, SignalType
from matching.models import HashEntry

pytestmark = pytest.mark.django_db
LISTED = np.random.Generator(np.random.PCG64(7)).integers(0, 256, 144, np.uint8)


@pytest.fixture
def listed(ncmec, curator, second_curator) -> HashEntry:
    draft = EntryDraft([Signal(SignalType.PHOTODNA, LISTED.tobytes())])
    entry = add_entry(hash_list=ncmec, draft=draft, actor=curator)
    approve_entry(entry=entry, actor=second_curator)
    return entry


@pytest.fixture
def ask(acme) -> Any:
    secret = acme.issue(scopes=["match", "match:hash"]).secret

    def ask(value: np.ndarray) -> dict[str, Any]:
        item = {"DataRepresentation": "Hash", "Value": base64.b64encode(value.tobytes()).decode()}
        client = Client(headers={"Ocp-Apim-Subscription-Key": secret})
        path = "/photodna/v1.0/MatchHash"
        answer = client.post(path, json.dumps([item]), content_type="application/json")
        [result] = answer.json()["MatchResults"]
        return result

    return ask


def off_by(squared: int) -> np.ndarray:
    """The listed value moved by this squared distance, one step in so many places."""
    moved = LISTED.astype(np.int16)
    whole, rest = divmod(squared, 144)
    steps = np.full(144, int(np.sqrt(whole)))
    assert rest == 0
    moved += np.where(moved < 128, steps, -steps).astype(np.int16)
    return moved.astype(np.uint8)


@pytest.mark.parametrize(("squared", "matches"), [(0, True), (144 * 25, True), (144 * 36, False)])
def test_values_within_the_threshold_match(listed, ask, squared, matches):
    result = ask(off_by(squared))

    assert (result["Status"]["Code"], result["IsMatch"]) == (3000, matches)


def test_match_tells_one_distance_whatever_it_is(listed, ask):
    distances = {
        flag["MatchDistance"]
        for squared in (0, 144, 144 * 25)
        for flag in ask(off_by(squared))["MatchDetails"]["MatchFlags"]
    }

    assert distances == {100}


def test_value_is_not_checked_where_no_list_carries_any(known_entry, ask):
    result = ask(LISTED)

    assert (result["Status"]["Code"], result["IsMatch"]) == (3002, False)
    assert "no list" in result["Status"]["Exception"]


def test_retired_value_stops_at_once(listed, ask, curator):
    assert ask(LISTED)["IsMatch"] is True
    retire_entry(entry=listed, actor=curator, reason="wrong")

    assert ask(LISTED)["IsMatch"] is False


def test_value_approved_later_is_found_by_the_next_request(
    listed, ask, ncmec, curator, second_curator
):
    later = LISTED[::-1].copy()
    assert ask(later)["IsMatch"] is False
    draft = EntryDraft([Signal(SignalType.PHOTODNA, later.tobytes())])
    entry = add_entry(hash_list=ncmec, draft=draft, actor=curator)
    approve_entry(entry=entry, actor=second_curator)

    assert ask(later)["IsMatch"] is True
