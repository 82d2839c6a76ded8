"""Make a tenant with keys, each for the scopes that are named, and something of all it can own.

Prints JSON: `secrets` in the order of the names, `words` that parameters may have, by parameter.
"""

from __future__ import annotations

import json
import secrets
import sys
from typing import Any

from django.test.utils import setup_test_environment

import tests.benchmarks.configured  # noqa: F401 models need it
from matching.sandbox import FIXTURES
from tenants.audit.record import Actor
from tenants.keys import SCOPES
from tenants.memberships import create_tenant
from tests import belongings
from tests.cast import Customer

EVERYTHING = "everything"
ACTOR = Actor.system("benchmark")
OF_EACH = 5
FRESH = 5_000
# Where a webhook may lead on one's own machine, and nobody listens.
NOWHERE = "https://127.0.0.1:9/"


def main(names: list[str]) -> None:
    created = create_tenant(name="Contract", plan="unlimited", actor=ACTOR)
    owner = Customer(created.tenant, created.issued_key.key, created.issued_key.secret)
    print(json.dumps({"secrets": _secrets(owner, names), "words": _words(owner)}))


def _secrets(owner: Customer, names: list[str]) -> list[str]:
    wanted = [list(SCOPES) if name == EVERYTHING else name.split() for name in names]
    return [owner.issue(scopes=scopes).secret for scopes in wanted]


def _words(owner: Customer) -> dict[str, list[str]]:
    setup_test_environment()
    return {
        "key_id": _some(belongings.key_id, owner),
        "submission_id": _some(belongings.submission_id, owner),
        "match_id": _some(belongings.match_id, owner),
        "batch_id": _some(belongings.batch_id, owner),
        "webhook_id": _some(belongings.webhook_id, owner),
        "delivery_id": _some(belongings.delivery_id, owner),
        "report_id": _some(belongings.report_id, owner),
        "period_report_id": [belongings.period_report_id(owner, owner.secret)],
        "name": [fixture.name for fixture in FIXTURES],
        "idempotency_key": [secrets.token_hex(8) for _ in range(FRESH)],
        "url": [NOWHERE],
    }


def _some(make: Any, owner: Customer) -> list[str]:
    return [make(owner, owner.secret) for _ in range(OF_EACH)]


if __name__ == "__main__":
    main(sys.argv[1:])
