"""Who asks in the trial of mixed requests: prints the keys of its tenants as JSON."""

import json

from django.core.management import call_command

import tests.benchmarks.configured  # noqa: F401 models need it
from hashservice.demo.cast import ACTOR, set_up
from hashservice.demo.copies import rendered_pictures
from tenants import keys
from tenants.memberships import create_tenant
from tenants.models import Environment, Tenant

TENANTS = 3
SMALL = keys.Limits(requests_per_minute=30, burst=5)


def main() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    set_up(rendered_pictures().known)
    print(json.dumps([tenant_keys(number) for number in range(TENANTS)]))


def tenant_keys(number: int) -> dict[str, str]:
    """Secrets of a tenant: one that may do all, one that may match little, one for nothing else."""
    made = create_tenant(name=f"Mixed {number}", plan="unlimited", test=True, actor=ACTOR)
    return {
        "tenant": made.tenant.public_id,
        "all": made.issued_key.secret,
        "limited": _secret(made.tenant, scopes=["match"], limits=SMALL),
        "narrow": _secret(made.tenant, scopes=["usage:read"]),
    }


def _secret(
    tenant: Tenant, *, scopes: list[str], limits: keys.Limits = keys.terms.NO_LIMITS
) -> str:
    return keys.issue(
        tenant=tenant,
        name="mixed",
        environment=Environment.TEST,
        scopes=scopes,
        limits=limits,
        actor=ACTOR,
    ).secret


if __name__ == "__main__":
    main()
