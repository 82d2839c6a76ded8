"""How long records are kept: periods, holds, and what takes two people of the team."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from matching import retention
from matching.access import NotFound, submission_of_tenant
from matching.models import RecordKind
from tenants.audit.record import record
from tenants.content_keys import propose_destruction
from tenants.memberships import Permission
from tenants.models import ProposedAct
from tenants.portal.views import PortalView
from tenants.proposals import (
    ProposalClosed,
    ProposalUnknown,
    SamePerson,
    find_proposal,
    proposals_of,
    reject,
)

SHOWN = 20
LONGEST_REASON, LONGEST_REFERENCE = 500, 100
LONGEST_DAYS = 32_767
PURGED = {RecordKind.MATCHED: "matched", RecordKind.UNMATCHED: "all other"}


def reason_field() -> forms.CharField:
    return forms.CharField(max_length=LONGEST_REASON, help_text="Kept in the audit log.")


class PeriodForm(forms.Form):
    kind = forms.ChoiceField(choices=RecordKind.choices, label="Records")
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        label="Days to keep them",
        help_text="Empty keeps them for good. Nothing is purged by this alone.",
    )


class HoldForm(forms.Form):
    submission = forms.CharField(max_length=40, help_text="Its id, which begins with sub_.")
    reason = reason_field()
    reference = forms.CharField(
        required=False, max_length=LONGEST_REFERENCE, help_text="A case or report number."
    )
    until = forms.DateField(
        required=False,
        help_text="The last day (UTC). Empty holds for a year, as the REPORT Act asks.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_until(self) -> datetime.datetime | None:
        """The end of that day."""
        day: datetime.date | None = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.now().date():
            raise forms.ValidationError("This day is over.")
        following = day + datetime.timedelta(days=1)
        return datetime.datetime.combine(following, datetime.time(), datetime.UTC)


class ProposalForm(forms.Form):
    act = forms.ChoiceField(
        label="What",
        choices=[
            *(
                (kind.value, f"Purge {PURGED[kind]} records whose period is over")
                for kind in RecordKind
            ),
            (ProposedAct.DESTROY_CONTENT_KEY.value, "Destroy the key that links files to the log"),
        ],
    )
    reason = reason_field()


class RetentionPage(PortalView):
    """The page of all of it, which each of its forms comes back to."""

    permission = Permission.RETENTION

    def shown(self, status: int = 200, **bound: forms.Form) -> HttpResponse:
        """The page, with what was filled in wrongly in `bound`."""
        record(action="retention.read", actor=self.actor, tenant=self.tenant, status=status)
        proposals = proposals_of(self.tenant)
        return self.page(
            "portal/retention.html",
            status=status,
            kinds=[self._kind(*kept) for kept in retention.days_kept(self.tenant).items()],
            holds=retention.holds_in_force(self.tenant)[:SHOWN],
            held=retention.holds_in_force(self.tenant).count(),
            open=proposals.filter(decided_by=None),
            decided=proposals.exclude(decided_by=None)[:SHOWN],
            period_form=bound.get("period_form", PeriodForm(prefix="period")),
            hold_form=bound.get("hold_form", HoldForm(prefix="hold")),
            proposal_form=bound.get("proposal_form", ProposalForm(prefix="proposal")),
        )

    def _kind(self, kind: RecordKind, days: int | None) -> dict[str, Any]:
        due = None if days is None else retention.due(tenant=self.tenant, kind=kind)
        return {"label": kind.label, "days": days, "due": due}


class RetentionView(RetentionPage):
    """The page itself."""

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        return self.shown()


class PeriodsView(RetentionPage):
    """Set or lift the period of a kind of record."""

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PeriodForm(data=request.POST, prefix="period")
        if not form.is_valid():
            return self.shown(422, period_form=form)
        kind, days = RecordKind(form.cleaned_data["kind"]), form.cleaned_data["days"]
        retention.set_period(tenant=self.tenant, kind=kind, days=days, actor=self.actor)
        kept = f"for {days} days" if days else "for good"
        messages.success(request, f"Kept {kept}: {kind.label}.")
        return self.go("portal-retention")


class HoldsView(RetentionPage):
    """Keep a record, whatever its period."""

    def post(self, request: HttpRequest) -> HttpResponse:
        form = HoldForm(data=request.POST, prefix="hold")
        if not form.is_valid():
            return self.shown(422, hold_form=form)
        terms = form.cleaned_data
        try:
            submission = submission_of_tenant(
                tenant=self.tenant, public_id=terms.pop("submission").strip()
            )
        except NotFound:
            form.add_error("submission", "There is no such submission, or it was purged.")
            return self.shown(422, hold_form=form)
        retention.place_hold(submission=submission, actor=self.actor, **terms)
        messages.success(request, f"{submission.public_id} is held.")
        return self.go("portal-retention")


class ReleaseHoldView(PortalView):
    """End a hold before its time."""

    permission = Permission.RETENTION

    def post(self, request: HttpRequest, hold_id: str) -> HttpResponse:
        reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
        try:
            hold = retention.find_hold(tenant=self.tenant, public_id=hold_id)
            if not reason:
                messages.error(request, "A reason is needed to release a hold.")
            else:
                retention.release_hold(hold=hold, reason=reason, actor=self.actor)
                messages.success(request, "Released: its period counts again.")
        except retention.HoldUnknown as error:
            raise Http404 from error
        except retention.HoldReleased as error:
            messages.error(request, str(error))
        return self.go("portal-retention")


class ProposalsView(RetentionPage):
    """Put before a second person what can not be undone."""

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProposalForm(data=request.POST, prefix="proposal")
        if not form.is_valid():
            return self.shown(422, proposal_form=form)
        try:
            self._propose(form.cleaned_data["act"], form.cleaned_data["reason"])
        except retention.PeriodNotSet as error:
            form.add_error("act", str(error))
            return self.shown(422, proposal_form=form)
        messages.success(request, "Proposed. Another person of the team has to approve it.")
        return self.go("portal-retention")

    def _propose(self, act: str, reason: str) -> None:
        whose: Any = {"tenant": self.tenant, "reason": reason, "actor": self.membership.user}
        if act == ProposedAct.DESTROY_CONTENT_KEY:
            propose_destruction(**whose)
        else:
            retention.propose_purge(kind=RecordKind(act), **whose)


class DecisionView(PortalView):
    """A second person's yes or no."""

    permission = Permission.RETENTION

    def post(self, request: HttpRequest, proposal_id: str) -> HttpResponse:
        try:
            proposal = find_proposal(tenant=self.tenant, public_id=proposal_id)
            if request.POST.get("approve"):
                retention.approve(proposal=proposal, actor=self.membership.user)
                messages.success(request, f"Done: {proposal.get_act_display()}.")
            else:
                reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
                reject(proposal=proposal, actor=self.membership.user, reason=reason)
                messages.success(request, "Rejected: nothing was done.")
        except ProposalUnknown as error:
            raise Http404 from error
        except (SamePerson, ProposalClosed, retention.PeriodNotSet) as error:
            messages.error(request, str(error))
        return self.go("portal-retention")
