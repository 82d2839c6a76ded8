"""Print keys of one new tenant on the largest plan, each for the scopes that are named."""

from __future__ import annotations

import sys

import tests.benchmarks.configured  # noqa: F401 models need it
from tenants.audit.record import Actor
from tenants.keys import SCOPES, issue
from tenants.memberships import create_tenant

EVERYTHING = "everything"


def main(names: list[str]) -> None:
    actor = Actor.system("benchmark")
    tenant = create_tenant(name="Contract", plan="unlimited", actor=actor).tenant
    for name in names:
        scopes = list(SCOPES) if name == EVERYTHING else [name]
        issued = issue(tenant=tenant, name=name, environment="live", scopes=scopes, actor=actor)
        print(issued.secret)


if __name__ == "__main__":
    main(sys.argv[1:])
