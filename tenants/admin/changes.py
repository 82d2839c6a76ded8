"""Changes that have no verb of their own, with their audit event in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from tenants.admin.rows import person_of
from tenants.audit.record import Actor, record
from tenants.models import Tenant

VALUES = "values"


class Audited:
    """Every change made here has its event, in the transaction of the change.

    Of the fields in `told_values` it tells what they were and what they are; of others that they
    changed.
    """

    told_values: ClassVar[frozenset[str]] = frozenset()

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        message = super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]
        values = _values(form, self.told_values.intersection(form.changed_data))
        return message if add or not values else [*message, {VALUES: values}]

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        _record_change(request, obj, "added", message)
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        _record_change(request, obj, "changed", message)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            _record_change(request, obj, "deleted", [])
        return super().log_deletions(request, queryset)  # type: ignore[misc]


def _record_change(request: HttpRequest, obj: Model, change: str, message: Any) -> None:
    record(
        action="admin.changed",
        actor=Actor.user(person_of(request)),
        tenant=obj if isinstance(obj, Tenant) else getattr(obj, "tenant", None),
        target=f"{obj._meta.label_lower}:{obj}",
        data={"change": change, "fields": _changed_fields(message), **_told(message)},
    )


def _changed_fields(message: Any) -> list[str]:
    """The names of what Django's change message tells."""
    if not isinstance(message, list):
        return []
    return [name for part in message for name in part.get("changed", {}).get("fields", [])]


def _told(message: Any) -> dict[str, Any]:
    """What fields were and are, where the change tells it."""
    if not isinstance(message, list):
        return {}
    return next((part for part in message if VALUES in part), {})


def _values(form: ModelForm[Any], names: Iterable[str]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "before": _plain(form.fields[name].to_python(form[name].initial)),
            "after": _plain(form.cleaned_data[name]),
        }
        for name in sorted(names)
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Model) else value
