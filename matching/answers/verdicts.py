"""How a verdict is answered: as it is, or in strict mode as an error when nothing was checked."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.settings import api_settings

from matching.match import NotChecked, Outcome
from matching.serializers import answer


def verdict_response(outcome: Outcome) -> Response:
    """The answer about one image, 200 or in strict mode 422 (`not_checked`).

    The error is returned, not raised: the recorded verdict stands.
    """
    if not outcome.is_refused:
        return Response(answer(outcome.submission, outcome.matches))
    response = problem(_not_checked())
    response.data |= _named(outcome)
    return response


def verdict_item(outcome: Outcome) -> dict[str, Any]:
    """The answer about one of many items: a verdict, or in strict mode an error."""
    if not outcome.is_refused:
        return answer(outcome.submission, outcome.matches)
    return {**_named(outcome), "error": problem(_not_checked()).data}


def problem(error: Exception) -> Response:
    """The problem+json of an error, by the one table."""
    handler: Any = api_settings.EXCEPTION_HANDLER
    response: Response = handler(error, {})
    return response


def _not_checked() -> NotChecked:
    return NotChecked("This could not be judged: treat it as unknown, not as clean.")


def _named(outcome: Outcome) -> dict[str, Any]:
    submission = outcome.submission
    return {
        "submission_id": submission.public_id,
        "content_id": submission.content_id or None,
        "not_checked_reason": submission.not_checked_reason,
    }
