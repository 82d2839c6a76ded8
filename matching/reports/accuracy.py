"""What tenants said of their matches, what curators made of it, and the rate of error it shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Count

from matching.models import Feedback, FeedbackVerdict, Match, ReviewItem, ReviewState
from matching.reports.rates import wilson
from tenants.audit.events import Period
from tenants.models import Tenant


def feedback(*, tenant: Tenant, environment: str, period: Period) -> dict[str, Any]:
    """Of the matches of the period: how many were confirmed, called false, or not judged yet.

    `outcomes` counts what curators decided on that feedback. `false_positive_rate` is the share
    called false among those with feedback, with its 95 % interval.
    """
    matches = Match.objects.filter(
        period.within("submission__created_at"),
        tenant=tenant,
        submission__environment=environment,
    )
    given = Feedback.objects.filter(match__in=matches).order_by()
    counts = dict(given.values_list("verdict").annotate(Count("id")))
    false, confirmed = (
        counts.get(verdict, 0)
        for verdict in (FeedbackVerdict.FALSE_POSITIVE, FeedbackVerdict.CONFIRMED)
    )
    reviews = ReviewItem.objects.filter(feedback__in=given).order_by()
    states = dict(reviews.values_list("state").annotate(Count("id")))
    return {
        "confirmed": confirmed,
        "false_positive": false,
        "pending": matches.count() - false - confirmed,
        "outcomes": {state.value: states.get(state.value, 0) for state in ReviewState},
        "false_positive_rate": asdict(wilson(false, false + confirmed)),
    }
