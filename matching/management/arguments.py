"""What the commands are told by name: people and lists."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from matching.models import HashList
from tenants.memberships import find_curator


def curator_named(username: str) -> User:
    """A curator or superuser who may still sign in; CommandError for anybody else."""
    user = (
        find_curator(username) or User.objects.filter(username=username, is_superuser=True).first()
    )
    if user is None or not user.is_active:
        raise CommandError(f"{username} is no curator.")
    return user


def list_named(slug: str) -> HashList:
    """The list with that slug, or CommandError."""
    try:
        return HashList.objects.get(slug=slug)
    except HashList.DoesNotExist:
        raise CommandError(f"There is no list {slug}; `create_hash_list` makes one.") from None
