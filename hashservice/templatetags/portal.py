"""What the portal's templates ask for."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from hashservice.portal import entries_for
from tenants.models import Membership

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any], membership: Membership) -> list[dict[str, Any]]:
    """The pages this member may open: `label`, `address`, and whether it is the present one."""
    match = context["request"].resolver_match
    present = match.url_name if match else ""
    return [
        {
            "label": entry.label,
            "address": reverse(entry.route, args=[membership.tenant.slug]),
            "is_present": present == entry.route or f"{present}".startswith(f"{entry.route}-")
            if entry.route != "portal"
            else present == "portal",
        }
        for entry in entries_for(membership.role)
    ]


@register.filter
def grouped(number: int) -> str:
    """A number as people read it: `1,234,567`."""
    return f"{number:,}"


@register.filter
def percent(share: float) -> str:
    """A share of 1 as people read it: `0.34 %`."""
    return f"{100 * share:.2f} %"
