"""What a curator may do, kept in step with the code at every migration."""

from __future__ import annotations

from typing import Any, Final

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import router
from django.db.models import Q
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from tenants.memberships import CURATORS, SENIORS

AUDITORS = "Auditors"  # see everything that curators see, and change nothing
MAY: Final = {
    "matching": (
        "view_hashentry",
        "add_hashentry",
        "approve_hashentry",
        "suspend_hashentry",
        "retire_hashentry",
        "view_canary",
        "view_shadowmatch",
        "view_decision",
        "approve_decision",
        "view_exchange",
        "view_hashlist",
        "add_hashlist",
        "change_hashlist",
        "suspend_hashlist",
        "view_importrun",
        "add_importrun",
        "approve_importrun",
        "view_listsversion",
        "view_match",
        "view_reviewitem",
        "decide_reviewitem",
        "view_snapshot",
        "view_submission",
    ),
    "tenants": ("view_auditevent",),
}


def grant_curators(*, using: str) -> None:
    """Give the curators' groups exactly the permissions in MAY, and auditors those to look.

    Nobody may delete anything.
    """
    wanted = Q()
    for label, codenames in MAY.items():
        # Django makes them at the end of a migration too, but maybe only after this.
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
        wanted |= Q(content_type__app_label=label, codename__in=codenames)
    granted = Permission.objects.using(using).filter(wanted)
    looks = granted.filter(codename__startswith="view_")
    for name, permissions in {CURATORS: granted, SENIORS: granted, AUDITORS: looks}.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.set(permissions)


@receiver(post_migrate, dispatch_uid="matching.curators")
def _after_migration(sender: AppConfig, using: str, **signal: Any) -> None:  # noqa: ARG001
    if sender.label == "matching" and router.allow_migrate_model(using, Group):
        grant_curators(using=using)
