"""What every page of the portal begins with: who asks, for which tenant, and whether they may."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from tenants import acting
from tenants.acting import SERVICE, Acting, acting_as
from tenants.audit import context
from tenants.audit.record import Actor
from tenants.memberships import NotAMember, Permission, may, membership_of, memberships_of
from tenants.models import Membership, Tenant


@method_decorator(never_cache, name="dispatch")
class PortalView(View):
    """A page of one tenant; the request acts for that tenant once membership is proven.

    A tenant that is missing and one that the person does not belong to answer the same 404. Every
    answer has its audit event: that of what was done, else one of the page itself.
    """

    permission: ClassVar[Permission]
    membership: Membership

    def dispatch(self, request: HttpRequest, *args: Any, **route: Any) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        self.membership = _membership(request.user, route.pop("tenant"))
        acting.become(Acting(tenant=self.tenant.pk))
        context.note_tenant(self.tenant)
        if not may(self.membership.role, self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **route)

    @property
    def tenant(self) -> Tenant:
        return self.membership.tenant

    @property
    def actor(self) -> Actor:
        return Actor.user(self.membership.user)

    def address(self, name: str, *arguments: object) -> str:
        """The address of one of this tenant's pages."""
        return reverse(name, args=[self.tenant.slug, *arguments])

    def page(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        """A page in the shell."""
        shell = {"tenant": self.tenant, "membership": self.membership}
        return render(self.request, template, {**shell, **context}, status=status)

    def go(self, name: str, *arguments: object) -> HttpResponse:
        """On to another page, after something was done."""
        return HttpResponseRedirect(self.address(name, *arguments))


class StartView(View):
    """`/portal/`: the one tenant's overview, a choice of several, the admin for who has none."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        with acting_as(SERVICE):
            memberships = list(memberships_of(request.user))
        if len(memberships) == 1 and "choose" not in request.GET:
            return HttpResponseRedirect(reverse("portal", args=[memberships[0].tenant.slug]))
        if not memberships and request.user.is_staff:
            return HttpResponseRedirect(reverse("admin:index"))
        return render(request, "portal/start.html", {"memberships": memberships})


def _membership(user: User, slug: str) -> Membership:
    with acting_as(SERVICE):  # memberships are rows of tenants, and it is not known yet of which
        try:
            membership = membership_of(user=user, slug=slug)
        except NotAMember as error:
            raise Http404 from error
    membership.user = user
    return membership
