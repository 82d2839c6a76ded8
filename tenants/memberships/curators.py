"""The people who keep the lists."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.db import transaction

from tenants.audit.record import Actor, record

CURATORS = "Curators"  # the group; the app that has lists gives it its permissions

SENIORS = "Senior curators"  # curators without whom nothing live starts, where there are any


class UsernameTaken(ValueError):
    """Somebody who is no curator has that name already."""


def find_curator(username: str) -> User | None:
    """The curator of that name, if there is one."""
    return User.objects.filter(username=username, groups__name=CURATORS).first()


def create_curator(*, username: str, password: str, actor: Actor) -> User:
    """An account that may sign in to the admin and belongs to the curators' group.

    Raises `UsernameTaken`: an account that is there is never made a curator in passing.
    """
    with transaction.atomic():
        if User.objects.filter(username=username).exists():
            raise UsernameTaken(f"There is somebody called {username} already.")
        user = User.objects.create_user(username, password=password, is_staff=True)
        user.groups.add(Group.objects.get_or_create(name=CURATORS)[0])
        record(action="curator.created", actor=actor, target=username)
    return user


def promote_curator(*, curator: User, actor: Actor) -> None:
    """Make a senior curator of one; does nothing when they are one already."""
    with transaction.atomic():
        if curator.groups.filter(name=SENIORS).exists():
            return
        curator.groups.add(Group.objects.get_or_create(name=SENIORS)[0])
        record(action="curator.promoted", actor=actor, target=curator.get_username())


def has_seniors() -> bool:
    """Whether anybody was ever made a senior curator; who left counts still."""
    return User.objects.filter(groups__name=SENIORS).exists()


def is_senior(person: User) -> bool:
    return person.is_active and person.groups.filter(name=SENIORS).exists()
