"""Rows that curators move from state to state: by acts, from the list and from the row's page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from matching.admin.acts import Act
from tenants.admin.rows import ModelT, ReadOnlyAdmin, person_of


class CuratedAdmin(ReadOnlyAdmin[ModelT]):
    """Offers each of `acts` on a row's page where its state and the person's rights allow it.

    An act of permission `approve` asks for the right `<app>.approve_<model>`.
    """

    acts: ClassVar[tuple[Act, ...]] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "add")

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "approve")

    def has_retire_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "retire")

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "suspend")

    def _may(self, request: HttpRequest, what: str) -> bool:
        return bool(request.user.has_perm(f"{self.opts.app_label}.{what}_{self.opts.model_name}"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context = {"acts": self._open_acts(request, row) if row else []} | (extra_context or {})
        return super().change_view(request, object_id, form_url, context)

    def _open_acts(self, request: HttpRequest, row: ModelT) -> list[tuple[Act, bool]]:
        """The acts that the row's state allows, each with whether it takes somebody else."""
        permitted = self.get_actions(request)
        return [
            (act, act.is_refused_to(person_of(request), row))
            for act in self.acts
            if act.name in permitted and act.is_open_to(row)
        ]
