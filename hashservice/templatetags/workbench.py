"""What the admin's templates ask for: `{% dashboard as board %}` and `{{ count|capped }}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from matching.admin.badges import signal_badges
from matching.admin.dashboard import Dashboard, dashboard_for
from matching.models import HashEntry
from tenants.admin.paging import number

register = template.Library()


@register.simple_tag(takes_context=True)
def dashboard(context: dict[str, Any]) -> Dashboard:
    """What the signed-in person may see of the state of things."""
    return dashboard_for(context["request"].user)


@register.filter
def capped(count: int) -> str:
    """A count that stopped at its cap, as people read it: `10,000+`."""
    return number(count)


@register.filter
def signal_names(entry: HashEntry) -> SafeString:
    """Which signals an entry carries, as badges; never their values."""
    return signal_badges(entry)
