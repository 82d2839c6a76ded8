"""Make a tenant with a log: prints its key, and the log's name and public key."""

import json

from django.core.management import call_command

import tests.benchmarks.configured  # noqa: F401 models need it
from tenants.audit.checkpoints import origin_of, public_key
from tenants.audit.record import Actor
from tenants.memberships import create_tenant


def main() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    made = create_tenant(name="Watched", plan="unlimited", actor=Actor.system("benchmark"))
    origin = origin_of(made.tenant)
    told = {"secret": made.issued_key.secret, "origin": origin, "key": public_key(origin)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
