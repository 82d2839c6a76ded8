"""Recent submissions, what matched, and whether that was right. No picture is here to be shown."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from matching.access import NotFound, match_of_tenant, submissions_of
from matching.feedback import give_feedback
from matching.models import FeedbackVerdict, Submission, Verdict
from matching.models.reviews import LONGEST_NOTE
from tenants.audit.record import record
from tenants.memberships import Permission, may
from tenants.models import Environment
from tenants.portal.keys import found as found_key
from tenants.portal.views import PortalView

SHOWN = 50


class SubmissionsView(PortalView):
    """Newest first; older ones by the id of the last one shown."""

    permission = Permission.SUBMISSIONS

    def get(self, request: HttpRequest) -> HttpResponse:
        verdict, environment = request.GET.get("verdict", ""), request.GET.get("environment", "")
        try:
            rows = submissions_of(
                tenant=self.tenant,
                verdict=verdict if verdict in Verdict.values else "",
                environment=environment if environment in Environment.values else "",
                before=request.GET.get("before", ""),
            )
        except NotFound as error:
            raise Http404 from error
        shown = list(rows.prefetch_related("matches__feedback")[: SHOWN + 1])
        record(action="submission.read", actor=self.actor, tenant=self.tenant, status=200)
        return self.page(
            "portal/submissions.html",
            submissions=shown[:SHOWN],
            older=_older(request, shown),
            verdict=verdict,
            environment=environment,
            verdicts=Verdict.choices,
            environments=Environment.choices,
            may_give_feedback=may(self.membership.role, Permission.FEEDBACK),
            longest_note=LONGEST_NOTE,
        )


class FeedbackView(PortalView):
    """A word on one match; it reaches the curators."""

    permission = Permission.FEEDBACK

    def post(self, request: HttpRequest, match_id: str) -> HttpResponse:
        try:
            match = match_of_tenant(tenant=self.tenant, public_id=match_id)
        except NotFound as error:
            raise Http404 from error
        verdict, note = request.POST.get("verdict", ""), request.POST.get("note", "").strip()
        if verdict not in FeedbackVerdict.values or len(note) > LONGEST_NOTE:
            messages.error(request, "Say whether it was right, in a short note.")
        else:
            give_feedback(match=match, verdict=verdict, note=note, actor=self.actor)
            messages.success(request, "Thank you: the curators see it.")
        return self._back(request)

    def _back(self, request: HttpRequest) -> HttpResponse:
        response = self.go("portal-submissions")
        came_from = request.headers.get("Referer", "")
        if url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
            response["Location"] = came_from
        return response


class FirstCallView(PortalView):
    """What a new key was used for first: a part of a page that asks until there is something."""

    permission = Permission.TRY_IT

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:  # noqa: ARG002
        key = found_key(self, key_id)
        own = Submission.objects.filter(tenant=self.tenant, key_id=key.key_id)
        first = own.order_by("-pk").first()
        return self.page("portal/first_call.html", key=key, submission=first)


def _older(request: HttpRequest, shown: list[Submission]) -> str | None:
    if len(shown) <= SHOWN:
        return None
    query = request.GET.copy()
    query["before"] = shown[SHOWN - 1].public_id
    return query.urlencode()
