"""The form of an answer: what nearly every client asks for is told without parsing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rest_framework.negotiation import DefaultContentNegotiation

if TYPE_CHECKING:  # DRF's views load this class while they are being loaded themselves
    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request

ANYTHING = "*/*"


class QuickNegotiation(DefaultContentNegotiation):
    """DRF's, which takes as long for a client that takes anything as for a choosy one."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> Any:
        """The renderer and its media type. Raises NotAcceptable, and Http404 for `?format=`."""
        first = next(iter(renderers))
        asked = request.META.get("HTTP_ACCEPT", ANYTHING)
        query = request.META.get("QUERY_STRING", "")
        if asked in (ANYTHING, first.media_type) and not format_suffix and "format" not in query:
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)
