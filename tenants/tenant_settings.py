"""What a tenant decides about its own calls."""

from __future__ import annotations

from typing import Final, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction

from tenants.audit.record import Actor, record
from tenants.models import Tenant


class SettingsInvalid(ValueError):
    """A setting is unknown, or its value is none it can have."""


class Changes(TypedDict, total=False):
    """What can be changed: `enhance_by_default` is one of `Enhancement`."""

    strict_mode: bool
    enhance_by_default: str
    retain_hashes_days: int


SETTINGS: Final = tuple(Changes.__annotations__)


def settings_of(tenant: Tenant) -> dict[str, object]:
    """The tenant's settings by name."""
    return {name: getattr(tenant, name) for name in SETTINGS}


def change_settings(*, tenant: Tenant, actor: Actor, **changes: Unpack[Changes]) -> Tenant:
    """Change settings of `tenant`, which hold from its next request on, on every worker.

    Settings that are not named stay; when nothing differs nothing is written. Raises
    `SettingsInvalid`.
    """
    unknown = sorted(set(changes) - set(SETTINGS))
    if unknown:
        raise SettingsInvalid(f"There is no setting called {', '.join(unknown)}.")
    with transaction.atomic():
        tenant = (
            Tenant.objects.select_for_update(of=("self",)).select_related("plan").get(pk=tenant.pk)
        )
        before = settings_of(tenant)
        for name, value in changes.items():
            setattr(tenant, name, value)
        _check(tenant)
        changed = [name for name, value in settings_of(tenant).items() if value != before[name]]
        if changed:
            tenant.save(update_fields=changed)
            record(
                action="tenant.settings_changed",
                actor=actor,
                tenant=tenant,
                target=tenant.public_id,
                data={
                    "before": {name: before[name] for name in changed},
                    "after": {name: getattr(tenant, name) for name in changed},
                },
            )
    return tenant


def _check(tenant: Tenant) -> None:
    others = {field.name for field in tenant._meta.fields} - set(SETTINGS)
    try:
        tenant.clean_fields(exclude=others)
    except ValidationError as error:
        raise SettingsInvalid("; ".join(_complaints(error))) from error
    if tenant.retain_hashes_days and not tenant.plan.lookback:
        raise SettingsInvalid("retain_hashes_days: The plan does not include lookback.")


def _complaints(error: ValidationError) -> list[str]:
    return [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
