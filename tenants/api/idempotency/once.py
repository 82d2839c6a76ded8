"""The decorator of every POST."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.db import transaction
from django.http.response import HttpResponse, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.api.idempotency.answers import find, is_kept, keep, lock
from tenants.api.idempotency.call import HEADER, Call, call_of

Handler = Callable[..., Response]


def idempotent(
    *, of_one_key: bool = False, payload: Callable[..., bytes] | None = None
) -> Callable[[Handler], Handler]:
    """Let a handler run once for each `Idempotency-Key`; without the header nothing changes.

    With the header the handler's effects and its answer commit in one transaction: whatever breaks
    in between, a retry finds both or neither. Who may call, and how often, was decided before; a
    repeated answer is asked for with the same rights and charged like any call. `of_one_key` keeps
    answers that hold a secret from the tenant's other keys. For a handler that gets what was sent
    as arguments, `payload` is called with these and gives its digest; no body is read then.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def once(view: APIView, request: Request, **captured: Any) -> HttpResponseBase:
            if HEADER not in request.headers:
                return handler(view, request, **captured)
            digest = payload(**captured) if payload else None
            call = call_of(request, of_one_key=of_one_key, payload=digest)
            return _once(call, view, request, partial(handler, view, request, **captured))

        once.is_idempotent = True  # type: ignore[attr-defined]
        return once  # type: ignore[return-value]  # a repeated answer is not rendered again

    return decorate


def _once(
    call: Call, view: APIView, request: Request, answer: Callable[[], Response]
) -> HttpResponseBase:
    with transaction.atomic():
        lock(call)
        kept = find(call)
        if kept is not None:
            return kept
        response = _rendered(view, request, answer)
        if is_kept(response):
            keep(call, response)
        else:
            transaction.set_rollback(True)
    return response


def _rendered(view: APIView, request: Request, answer: Callable[[], Response]) -> HttpResponse:
    """The answer as it will be sent, errors included; a refused call leaves no effects."""
    try:
        with transaction.atomic():
            response = answer()
    except Exception as error:  # noqa: BLE001  # as in DRF's dispatch: every error has its answer
        response = view.handle_exception(error)
    final: HttpResponse = view.finalize_response(request, response).render()
    return final
