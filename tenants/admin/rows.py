"""What the pages over rows have in common: every look is recorded, nothing is deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from tenants.admin.keyset import KeysetChangeList
from tenants.admin.paging import CappedPaginator
from tenants.audit.record import Actor, record

ModelT = TypeVar("ModelT", bound=Model)

LONGEST_SHOWN = 80
SHOWN_DIGITS = 8
DIGEST = re.compile(rf"[0-9A-Fa-f]{{{SHOWN_DIGITS + 1},}}")

if TYPE_CHECKING:
    StockAdmin = admin.ModelAdmin
else:

    class StockAdmin(admin.ModelAdmin):
        """The stock admin, which is generic for the type checker only."""

        def __class_getitem__(cls, _):
            return cls


class ReadOnlyAdmin(StockAdmin[ModelT]):
    """Rows to be read. Subclasses that write do so through a verb, which records the act."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER  # each would be a count of the whole table
    sortable_by = ()  # the primary key's order is the one that stays fast over millions of rows
    newest_first: ClassVar = False  # of tables that grow without end: pages go from row to row
    list_action = "admin.read"
    read_action = "admin.read"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:  # noqa: ARG002
        return False

    def get_changelist(self, request: HttpRequest, **told: Any) -> Any:
        return KeysetChangeList if self.newest_first else super().get_changelist(request, **told)

    def branches(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[ModelT],
    ) -> Sequence[QuerySet[ModelT]]:
        """What `queryset` is made of, where an index has only its parts in order."""
        return [queryset]

    def audit_target(self, obj: ModelT) -> str:
        """How audit events name this row."""
        return f"{self.opts.model_name}:{obj.pk}"

    def history_terms(self, obj: ModelT) -> list[str]:
        """What the audit log is searched by for the history of this row."""
        return [self.audit_target(obj)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": str(self.opts.verbose_name_plural).capitalize()}
        response = super().changelist_view(request, context | (extra_context or {}))
        if request.method == "GET" and response.status_code == 200:
            record(
                action=self.list_action,
                actor=Actor.user(person_of(request)),
                target=str(self.opts.model_name),
                data=_asked(request),
            )
        return response

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        context = {"title": str(obj), "subtitle": None}
        response = super().change_view(
            request, object_id, form_url, context | (extra_context or {})
        )
        if request.method == "GET" and response.status_code == 200 and obj is not None:
            record(
                action=self.read_action,
                actor=Actor.user(person_of(request)),
                target=self.audit_target(obj),
            )
        return response

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What the audit log says of the row; there is no second book."""
        obj = self.get_object(request, object_id)
        if obj is None:
            return super().history_view(request, object_id, extra_context)
        events = reverse("admin:tenants_auditevent_changelist")
        return HttpResponseRedirect(
            f"{events}?{urlencode({'q': ', '.join(self.history_terms(obj))})}"
        )

    def log_addition(self, request: HttpRequest, obj: ModelT, message: Any) -> Any:
        """Nothing: the verb has recorded the act in its own transaction."""

    def log_change(self, request: HttpRequest, obj: ModelT, message: Any) -> Any:
        """Nothing: the verb has recorded the act in its own transaction."""


def person_of(request: HttpRequest) -> User:
    """Who has signed in; the admin lets nobody else come this far."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _asked(request: HttpRequest) -> dict[str, str]:
    """What was looked for: the filters and the search term, of a digest the first digits only."""
    asked = {name: str(value)[:LONGEST_SHOWN] for name, value in request.GET.items()}
    if DIGEST.fullmatch(asked.get("q", "").strip()):
        asked["q"] = f"{asked['q'].strip()[:SHOWN_DIGITS]}…"
    return asked
