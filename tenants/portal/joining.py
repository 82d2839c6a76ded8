"""The two ways in: asking for an account, and following an invitation."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.core import ratelimit
from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from tenants import memberships
from tenants.acting import SERVICE, acting_as
from tenants.memberships import AlreadyMember, InvitationInvalid
from tenants.models import Invitation, Membership


class SignUpForm(forms.Form):
    email = forms.EmailField(label="E-mail address at your company")
    company = forms.CharField(max_length=120)
    message = forms.CharField(
        required=False,
        max_length=2000,
        label="What would you like to check?",
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class SignUpView(View):
    """A request for an account. The answer is the same whether or not the address is known."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "portal/sign_up.html", {"form": SignUpForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignUpForm(data=request.POST)
        if not form.is_valid():
            return render(request, "portal/sign_up.html", {"form": form}, status=422)
        if not ratelimit.consume(request, action="sign_up"):
            form.add_error(None, "That were many requests; come back in an hour.")
            return render(request, "portal/sign_up.html", {"form": form}, status=429)
        memberships.request_sign_up(**form.cleaned_data)
        return render(request, "portal/sign_up_noted.html")


class NewAccountForm(forms.Form):
    """What somebody who has no account yet adds to their invitation."""

    name = forms.CharField(max_length=150, label="Your name")
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 15 characters.",
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(username=self._email, email=self._email))
        return password


@method_decorator(never_cache, name="dispatch")
class JoinView(View):
    """An invitation's link: for the account of its address, or for a new one."""

    def dispatch(self, request: HttpRequest, *args: Any, **route: Any) -> HttpResponse:
        with acting_as(SERVICE):  # nobody belongs to the tenant yet who asks
            try:
                response = super().dispatch(request, *args, **route)
            except (InvitationInvalid, AlreadyMember) as error:
                context = {"title": "This invitation leads nowhere", "detail": str(error)}
                return render(request, "portal/error.html", context, status=404)
        assert isinstance(response, HttpResponse)  # noqa: S101 both methods say so
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = memberships.open_invitation(token)
        account = memberships.account_of(invitation.email)
        if account is None:
            form = None if request.user.is_authenticated else NewAccountForm(email=invitation.email)
            return self._shown(invitation, form=form)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return self._shown(invitation)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = memberships.open_invitation(token)
        if isinstance(request.user, User):
            membership = memberships.accept_invitation(token=token, user=request.user)
            return self._arrived(membership)
        form = NewAccountForm(data=request.POST, email=invitation.email)
        if not form.is_valid():
            return self._shown(invitation, form=form, status=422)
        with transaction.atomic():
            membership = memberships.accept_invitation(token=token, **form.cleaned_data)
            login = Login(user=membership.user, email=invitation.email)
            login.redirect_url = reverse("portal", args=[membership.tenant.slug])
            response: HttpResponse = perform_login(request, login)
        return response

    def _shown(
        self, invitation: Invitation, form: NewAccountForm | None = None, status: int = 200
    ) -> HttpResponse:
        user = self.request.user
        is_theirs = not user.is_authenticated or memberships.account_of(invitation.email) == user
        context = {"invitation": invitation, "form": form, "is_theirs": is_theirs}
        return render(self.request, "portal/join.html", context, status=status)

    def _arrived(self, membership: Membership) -> HttpResponse:
        return HttpResponseRedirect(reverse("portal", args=[membership.tenant.slug]))
