"""`create_curator NAME`: an account for the people who keep the lists."""

from __future__ import annotations

import secrets
import sys
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit.record import Actor
from tenants.memberships import UsernameTaken, create_curator, find_curator

PASSWORD_BYTES = 18


class Command(BaseCommand):
    help = "Create a curator; does nothing when there is one of that name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input instead of making one up",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        name, given = options["name"], options["password_stdin"]
        if find_curator(name):
            return
        password = self._read_password(name) if given else secrets.token_urlsafe(PASSWORD_BYTES)
        try:
            create_curator(username=name, password=password, actor=Actor.system("create_curator"))
        except UsernameTaken as error:
            raise CommandError(str(error)) from error
        if not given:
            self.stdout.write(f"Curator   {name}\nPassword  {password}\nIt is shown this once.")

    def _read_password(self, name: str) -> str:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise CommandError("There is no password on standard input.")
        try:
            validate_password(password, User(username=name))
        except ValidationError as error:
            self.stderr.write(f"Weak password: {' '.join(error.messages)}")
        return password
