"""How answers tell of limits: draft-ietf-httpapi-ratelimit-headers-10."""

from __future__ import annotations

import re

from tenants.throttling import admit, rate_limit_headers
from tests.tenants.throttling.limiters import key_of

ITEM = r'"(?:burst|month)";{}=\d+;{}=\d+'


def test_headers_have_the_form_of_the_draft(tenant_id):
    headers = rate_limit_headers(admit(key=key_of(tenant_id, monthly_quota=1000)))

    assert re.fullmatch(f"{ITEM}, {ITEM}".format("q", "w", "q", "w"), headers["RateLimit-Policy"])
    assert re.fullmatch(ITEM.format("r", "t"), headers["RateLimit"])
    assert headers["RateLimit-Policy"].startswith('"burst";q=50;w=3000, "month";q=1000;w=')
    assert headers["RateLimit"].startswith('"burst";r=49;t=')
    assert "Retry-After" not in headers


def test_headers_of_a_plan_without_quota_tell_of_no_month(tenant_id):
    headers = rate_limit_headers(admit(key=key_of(tenant_id)))

    assert "month" not in str(headers)


def test_month_is_told_when_it_is_the_tighter_limit(tenant_id):
    headers = rate_limit_headers(admit(key=key_of(tenant_id, monthly_quota=10)))

    assert '"month";r=9;t=' in headers["RateLimit"]


def test_retry_after_is_never_sooner_than_more_quota_comes(tenant_id):
    key = key_of(tenant_id, burst=1)
    admit(key=key)
    headers = rate_limit_headers(admit(key=key))

    assert int(headers["Retry-After"]) >= int(headers["RateLimit"].rpartition("=")[2]) > 0
