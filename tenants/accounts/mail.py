"""Letters to people: invitations. What could not be sent is said to whoever asked for it."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Final

from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from tenants.memberships.invitations import SentInvitation

UNSENT: Final = (OSError, SMTPException)

logger = logging.getLogger(__name__)


def send_invitation(request: HttpRequest, sent: SentInvitation) -> bool:
    """Send the link to the invited address alone; False when the mail could not be handed over."""
    invitation = sent.invitation
    link = request.build_absolute_uri(reverse("join", args=[sent.token]))
    text = render_to_string("portal/mail/invitation.txt", {"invitation": invitation, "link": link})
    subject = f"hashservice: Join {invitation.tenant.name}".replace("\n", " ")
    try:
        send_mail(subject, text, None, [invitation.email])
    except UNSENT:
        logger.exception("an invitation could not be sent")
        return False
    return True
