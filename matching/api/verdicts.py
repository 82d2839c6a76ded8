"""How a verdict is answered: as it is, or in strict mode as an error when nothing was checked."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import APIView

from matching.match import NotChecked, Outcome
from matching.serializers import answer


def verdict_response(view: APIView, outcome: Outcome) -> Response:
    """The answer about one image, 200 or in strict mode 422 (`not_checked`).

    The error is returned, not raised: the recorded verdict stands.
    """
    if not outcome.is_refused:
        return Response(answer(outcome.submission, outcome.matches))
    response = _problem(view)
    response.data |= _named(outcome)
    return response


def verdict_item(view: APIView, outcome: Outcome) -> dict[str, Any]:
    """The answer about one of many items: a verdict, or in strict mode an error."""
    if not outcome.is_refused:
        return answer(outcome.submission, outcome.matches)
    return {**_named(outcome), "error": _problem(view).data}


def _problem(view: APIView) -> Response:
    error = NotChecked("This could not be judged: treat it as unknown, not as clean.")
    response: Response = view.get_exception_handler()(error, view.get_exception_handler_context())
    return response


def _named(outcome: Outcome) -> dict[str, Any]:
    submission = outcome.submission
    return {
        "submission_id": submission.public_id,
        "content_id": submission.content_id or None,
        "not_checked_reason": submission.not_checked_reason,
    }
