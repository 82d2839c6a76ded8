"""Prove my integration: what a tenant's client did with each fixture, and how to have it tried."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from matching.models import HashList, ListState, Reaction
from matching.portal.runs import CURL, PYTHON
from matching.sandbox import LIST, Checked, Judgement, checklist, fixture_of, judged
from tenants.memberships import Permission
from tenants.portal.examples import service_url
from tenants.portal.views import PortalView


class IntegrationView(PortalView):
    """The checklist, with whatever fails open first in words."""

    permission = Permission.TRY_IT

    def get(self, request: HttpRequest) -> HttpResponse:
        lines = checklist(self.tenant)
        counts = Counter(line.judgement for line in lines)
        url = service_url(request)
        return self.page(
            "portal/integration.html",
            lines=[_shown(line) for line in lines],
            total=len(lines),
            counts={judgement.name.lower(): counts[judgement] for judgement in Judgement},
            is_set_up=HashList.objects.filter(slug=LIST, state=ListState.ACTIVE).exists(),
            curl=CURL.format(url=url),
            python=PYTHON.format(url=url),
        )


class FixtureView(PortalView):
    """A fixture's file, as `GET /v1/sandbox/{name}` answers it."""

    permission = Permission.TRY_IT

    def get(self, request: HttpRequest, fixture: str) -> HttpResponse:  # noqa: ARG002
        found = fixture_of(fixture)
        if found is None:
            raise Http404
        answer = HttpResponse(found.make(), content_type="application/octet-stream")
        ending = found.media_type.partition("/")[2]
        answer["Content-Disposition"] = f'attachment; filename="{found.name}.{ending}"'
        return answer


def _shown(line: Checked) -> dict[str, Any]:
    """A line of the checklist in the words of the page."""
    right = [one.label for one in Reaction if judged(line.fixture, one) is Judgement.RIGHT]
    return {
        "fixture": line.fixture,
        "wanted": " or ".join(right),
        "reaction": Reaction(line.reaction).label if line.reaction else "",
        "noted_at": line.noted_at,
        "judgement": line.judgement,
    }
