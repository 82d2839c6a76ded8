"""Signing in with a second factor: a code from an app, and a security key."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from hashservice.database import OWNER, RUNTIME
from tests.browser.conftest import sign_in

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER]),
]
SECURITY_KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
def _required(settings):
    settings.REQUIRE_MFA = True


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign Out").click()


def code_of(secret: str, later: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def test_curator_adds_an_app_and_signs_in_with_its_code(page: Page, curator: User):
    sign_in(page, curator)
    expect(page).to_have_url(re.compile("/accounts/2fa/"))
    page.get_by_role("link", name="Activate").click()
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(code_of(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page).to_have_url(re.compile("recovery-codes"))
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Workbench")).to_be_visible()

    sign_out(page)
    sign_in(page, curator)
    page.get_by_label("Code").fill(code_of(secret, later=1))
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("heading", name="Workbench")).to_be_visible()


def test_curator_adds_a_security_key_and_signs_in_with_it(page: Page, curator: User):
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": SECURITY_KEY})
    sign_in(page, curator)
    page.get_by_role("link", name="Add").click()
    page.get_by_label("Name").fill("my key")
    page.locator("main").get_by_role("button", name="Add").click()
    expect(page).to_have_url(re.compile("recovery-codes|webauthn/$"))

    sign_out(page)
    sign_in(page, curator)
    page.get_by_role("button", name="Use a security key").click()
    expect(page.get_by_role("heading", name="Workbench")).to_be_visible()
