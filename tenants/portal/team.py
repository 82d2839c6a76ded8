"""The team: who belongs to it, who is invited, and who may do what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from tenants import memberships
from tenants.accounts.mail import send_invitation
from tenants.memberships import PERMISSIONS, Permission
from tenants.models import Membership, Role
from tenants.portal.views import PortalView

EXPLAINED = (
    (Role.OWNER, "everything, and who belongs to the team"),
    (Role.DEVELOPER, "keys, calls, usage, webhooks"),
    (Role.COMPLIANCE, "the audit log, reports, submissions, usage"),
)


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(
        choices=[(role, f"{role.label}: {what}") for role, what in EXPLAINED],
        initial=Role.DEVELOPER,
    )


class TeamView(PortalView):
    """Members and open invitations; inviting somebody sends them a link."""

    permission = Permission.TEAM

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        return self._shown(InvitationForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(data=request.POST)
        if not form.is_valid():
            return self._shown(form, status=422)
        try:
            sent = memberships.invite(
                tenant=self.tenant,
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                actor=self.actor,
            )
        except memberships.AlreadyMember as error:
            form.add_error("email", str(error))
            return self._shown(form, status=422)
        if send_invitation(request, sent):
            messages.success(request, f"A link is on its way to {sent.invitation.email}.")
        else:
            messages.error(
                request, f"The mail to {sent.invitation.email} could not be sent. Invite again."
            )
        return self.go("portal-team")

    def _shown(self, form: InvitationForm, status: int = 200) -> HttpResponse:
        members = Membership.objects.filter(tenant=self.tenant).select_related("user")
        return self.page(
            "portal/team.html",
            status=status,
            form=form,
            members=members.order_by("user__username"),
            invitations=memberships.open_invitations(self.tenant),
            roles=Role.choices,
            matrix=[
                (permission.value, [permission in PERMISSIONS[role] for role in Role])
                for permission in Permission
            ],
        )


class MemberView(PortalView):
    """One member: another role, or none."""

    permission = Permission.TEAM

    def post(self, request: HttpRequest, member: int) -> HttpResponse:
        try:
            membership = memberships.find_member(tenant=self.tenant, pk=member)
            self._done(request, membership)
        except memberships.NotAMember as error:
            raise Http404 from error
        except memberships.LastOwner as error:
            messages.error(request, str(error))
        return self.go("portal-team") if self._is_still_owner() else self.go("portal")

    def _done(self, request: HttpRequest, membership: Membership) -> None:
        name = membership.user.get_username()
        role = request.POST.get("role", "")
        if request.POST.get("remove"):
            memberships.remove_member(membership=membership, actor=self.actor)
            messages.success(request, f"{name} belongs to the team no longer.")
        elif role in Role.values:
            memberships.change_role(membership=membership, role=Role(role), actor=self.actor)
            messages.success(request, f"{name} is now {Role(role).label.lower()}.")
        else:
            raise PermissionDenied

    def _is_still_owner(self) -> bool:
        own: Any = Membership.objects.filter(pk=self.membership.pk)
        return bool(own.filter(role=Role.OWNER).exists())


class RevokeInvitationView(PortalView):
    """The link opens nothing any more."""

    permission = Permission.TEAM

    def post(self, request: HttpRequest, invitation: int) -> HttpResponse:
        try:
            memberships.revoke_invitation(tenant=self.tenant, pk=invitation, actor=self.actor)
        except memberships.InvitationInvalid as error:
            raise Http404 from error
        messages.success(request, "The invitation is withdrawn.")
        return self.go("portal-team")
