"""Play the demonstration's cast into an installation: prints a key that may send any hash."""

from io import StringIO

from django.core.management import call_command

import tests.benchmarks.configured  # noqa: F401 models need it
from hashservice.demo.cast import ACTOR, CURATORS, TENANT, set_up
from hashservice.demo.copies import rendered_pictures
from tenants import keys
from tenants.acting import SERVICE, acting_as
from tenants.models import Environment, Tenant


def main() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    set_up(rendered_pictures().known)
    first, second = CURATORS
    call_command("create_sandbox", adder=first, approved_by=second, stdout=StringIO())
    with acting_as(SERVICE):
        issued = keys.issue(
            tenant=Tenant.objects.get(name=TENANT),
            name="edge",
            environment=Environment.TEST,
            scopes=[*keys.DEFAULT_SCOPES, "match:hash"],
            actor=ACTOR,
        )
    print(issued.secret)  # noqa: T201 for the process that started us


if __name__ == "__main__":
    main()
