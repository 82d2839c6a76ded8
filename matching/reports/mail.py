"""A report by e-mail, to the members of the tenant who answer for compliance."""

from __future__ import annotations

from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage

from matching.models import PeriodReport
from matching.reports.pdf import PrintingFailed, pdf
from tenants.models import Membership, Role

TEXT = """\
The report of {first} to {last} for {tenant} is attached.

It was counted from the audit log, up to the signed checkpoint on its first page. The same figures
are at {url}/v1/audit/reports/{report}, for keys with the scope audit:read.
"""


class NotMailed(Exception):
    """The report could not be sent; it is tried again."""


def mail(report: PeriodReport) -> int:
    """Send the report to every compliance member, else to the owners; returns to how many.

    A try that was cut short may send it twice, with the same Message-ID. Raises `NotMailed`.
    """
    recipients = _recipients(report)
    if not recipients:
        return 0
    try:
        message = EmailMessage(
            subject=f"Compliance report {report.first_day:%B %Y}: {report.tenant.name}",
            body=TEXT.format(
                first=report.first_day,
                last=report.last_day,
                tenant=report.tenant.name,
                url=settings.PUBLIC_URL,
                report=report.public_id,
            ),
            bcc=recipients,
            headers={"Message-ID": f"<{report.public_id}@hashservice>"},
        )
        name = f"report-{report.tenant.slug}-{report.first_day:%Y-%m}.pdf"
        message.attach(name, pdf(report.figures or {}), "application/pdf")
        message.send()
    except (SMTPException, OSError, PrintingFailed) as error:
        raise NotMailed(f"not mailed: {type(error).__name__}") from error
    return len(recipients)


def _recipients(report: PeriodReport) -> list[str]:
    for role in (Role.COMPLIANCE, Role.OWNER):
        members = Membership.objects.filter(
            tenant=report.tenant, role=role, user__is_active=True
        ).exclude(user__email="")
        if addresses := sorted(members.values_list("user__email", flat=True)):
            return addresses
    return []
