"""Numbers in query strings are told by their digits."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db
QUERIES = [
    "/v1/audit/events?limit={}",
    "/v1/audit/proof?sequence={}",
    "/v1/audit/consistency?from_size={}",
    "/v1/keys?limit={}",
]


@pytest.fixture
def reader(acme, api):
    return api(acme.issue(scopes=["audit:read", "keys"]).secret)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("text", ["1.0", "1.", "1e0", "one", " 1x", ""])
def test_what_is_no_whole_number_is_refused(reader, query, text):
    assert reader.get(query.format(text)).json()["code"] == "request_invalid"


@pytest.mark.parametrize("query", ["/v1/audit/events?limit={}", "/v1/keys?limit={}"])
def test_whole_number_is_taken(reader, query):
    assert reader.get(query.format(1)).status_code == 200
