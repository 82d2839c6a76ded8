"""The letters that follow notices."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from smtplib import SMTPException
from typing import Any, Final

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now

from tenants.models import Membership, Notice, NoticeKind, Role

AT_ONCE = 100
SUBJECTS: Final[Mapping[str, str]] = {
    NoticeKind.KEY_EXPIRING: "API key {name} ends within {within_days} days",
    NoticeKind.KEY_LEAKED: "API key {name} was leaked and is revoked",
    NoticeKind.QUOTA_REACHED: "{percent} % of the quota of {month} is used",
    NoticeKind.WEBHOOK_DISABLED: "A webhook is switched off",
}
TEXTS: Final[Mapping[str, str]] = {
    NoticeKind.KEY_EXPIRING: """\
The key {name} ({key_id}) ends at {expires_at}.
Rotate it before then: calls with it are refused afterwards.""",
    NoticeKind.KEY_LEAKED: """\
The key {name} ({key_id}) was reported as found in public, and was revoked at once.
Where it was found, in the words of who reported it: {found_at}""",
    NoticeKind.QUOTA_REACHED: """\
{units} of {quota} units of {month} are used ({environment}).
When none are left, images and hashes are refused until the month ends.""",
    NoticeKind.WEBHOOK_DISABLED: """\
Nothing is told to {url} ({webhook_id}) any more since {disabled_at}: {reason}.
What waits for it is kept until it is switched on again. Events that happen until then are lost
to it.""",
}

logger = logging.getLogger(__name__)


def mail_waiting() -> int:
    """Write to the owners about notices they were not written about yet; tells of how many.

    A letter may come twice when this process dies over it, and is tried again when the mail server
    does not take it.
    """
    sent = 0
    for pk in Notice.objects.filter(mailed_at=None).values_list("pk", flat=True)[:AT_ONCE]:
        with transaction.atomic():
            notice = _taken(pk)
            if notice is not None and _mailed(notice):
                Notice.objects.filter(pk=pk).update(mailed_at=Now())
                sent += 1
    return sent


def _taken(pk: int) -> Notice | None:
    waiting = Notice.objects.select_for_update(skip_locked=True, of=("self",))
    return waiting.select_related("tenant").filter(pk=pk, mailed_at=None).first()


def _mailed(notice: Notice) -> bool:
    words: dict[str, Any] = {**notice.data, "environment": notice.environment}
    try:
        send_mail(
            subject=" ".join(f"[{notice.tenant}] {SUBJECTS[notice.kind].format(**words)}".split()),
            message=f"{TEXTS[notice.kind].format(**words)}\n\n{settings.PUBLIC_URL}\n",
            from_email=None,
            recipient_list=_owners(notice),
        )
    except (SMTPException, OSError) as error:
        logger.warning("a notice could not be mailed and is tried again: %s", error)
        return False
    return True


def _owners(notice: Notice) -> list[str]:
    owners = Membership.objects.filter(
        tenant=notice.tenant, role=Role.OWNER, user__is_active=True
    ).exclude(user__email="")
    return list(owners.values_list("user__email", flat=True))
