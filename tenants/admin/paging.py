"""Pages over tables of millions of rows: never a count of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Paginator
from django.db.models import Func, IntegerField, QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator  # generic for the type checker only

COUNTED = 10_000


class CappedPaginator(AnyPaginator):
    """Counts COUNTED rows at most, and offers pages over these: who needs others filters.

    The bound holds for the pages' OFFSET as well, which costs as much as what it skips.
    """

    @cached_property
    def _counted(self) -> int:
        return counted(self.object_list)  # type: ignore[arg-type]  # always a queryset here

    @property
    def count(self) -> int:
        return min(self._counted, COUNTED)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._counted > COUNTED

    @property
    def told(self) -> str:
        return number(self._counted)


def counted(rows: QuerySet[Any]) -> int:
    """How many rows there are, COUNTED + 1 for any more than that."""
    return rows.order_by()[: COUNTED + 1].count()


def counted_for_each(rows: QuerySet[Any]) -> Func:
    """The same as an annotation, for `rows` that depend on an OuterRef."""
    return Func(
        ArraySubquery(rows.order_by().values("pk")[: COUNTED + 1]),
        function="cardinality",
        output_field=IntegerField(),
    )


def number(count: int) -> str:
    """A count as people read it: `9,312`, or `10,000+` for one that was capped."""
    return f"{min(count, COUNTED):,}{'+' if count > COUNTED else ''}"
