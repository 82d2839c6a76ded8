"""Pages that go on from the last row shown: neither counted nor skipped through, however deep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest

BEFORE, AFTER = "before", "after"
MOST_DIGITS: Final = 18  # a longer number is no primary key

Rows = QuerySet[Any]


class KeysetChangeList(ChangeList):
    """Newest first: `?before=<pk>` shows what is older than that row, `?after=<pk>` what is newer.

    What is asked for may come in parts (`model_admin.branches`), each of which an index has in
    order; the page is merged from the beginnings of them.
    """

    is_keyset = True
    newer_link = older_link = ""

    def get_filters_params(self, params: Any = None) -> Any:
        asked = super().get_filters_params(params)
        return {name: value for name, value in asked.items() if name not in (BEFORE, AFTER)}

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Another filter begins at the newest row again."""
        return super().get_query_string(new_params, [*(remove or ()), BEFORE, AFTER])

    def get_results(self, request: HttpRequest) -> None:
        before, after = self._bound(BEFORE), self._bound(AFTER)
        upwards = after is not None and before is None
        branches: Callable[..., Sequence[Rows]] = self.model_admin.branches  # type: ignore[attr-defined]  # a ReadOnlyAdmin
        parts = branches(request, self.queryset)
        keys = self._upwards(parts, after) if upwards else self._downwards(parts, before)
        shown = keys[: self.list_per_page]
        more = len(keys) > len(shown)
        self.result_list = list(self.queryset.filter(pk__in=shown))
        if shown and (before is not None if not upwards else more):
            self.newer_link = self.get_query_string({AFTER: max(shown)})
        if shown and (more or upwards):
            self.older_link = self.get_query_string({BEFORE: min(shown)})
        self._tell_django(request, more or before is not None or upwards)

    def _downwards(self, parts: Sequence[Rows], before: int | None) -> list[int]:
        return self._keys(parts, Q() if before is None else Q(pk__lt=before), "-pk")

    def _upwards(self, parts: Sequence[Rows], after: int | None) -> list[int]:
        return self._keys(parts, Q(pk__gt=after), "pk")

    def _keys(self, parts: Sequence[Rows], bound: Q, order: str) -> list[int]:
        """The keys of a page, and one more where there are more."""
        most = self.list_per_page + 1
        ends = [p.filter(bound).order_by(order).values_list("pk", flat=True)[:most] for p in parts]
        if len(ends) == 1:
            return list(ends[0])
        return list(ends[0].union(*ends[1:], all=True).order_by(order)[:most])

    def _bound(self, name: str) -> int | None:
        text = self.params.get(name)
        if text is None:
            return None
        if not text.isdecimal() or len(text) > MOST_DIGITS:
            raise IncorrectLookupParameters(f"{name} is the number of a row")
        return int(text)

    def _tell_django(self, request: HttpRequest, others: bool) -> None:
        """`result_count` decides whether "select all that was found" is offered."""
        self.result_count = len(self.result_list) + others
        self.full_result_count: int | None = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
