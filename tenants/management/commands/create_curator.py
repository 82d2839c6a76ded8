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
from tenants.memberships import UsernameTaken, create_curator, find_curator, promote_curator

PASSWORD_BYTES = 18
ACTOR = Actor.system("create_curator")


class Command(BaseCommand):
    help = "Create a curator; does nothing when there is one of that name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument(
            "--senior",
            action="store_true",
            help="a senior curator; one who is there already becomes one",
        )
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input instead of making one up",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if not find_curator(options["name"]):
            self._create(options["name"], given=options["password_stdin"])
        if options["senior"] and (curator := find_curator(options["name"])):
            promote_curator(curator=curator, actor=ACTOR)

    def _create(self, name: str, *, given: bool) -> None:
        password = self._read_password(name) if given else secrets.token_urlsafe(PASSWORD_BYTES)
        try:
            create_curator(username=name, password=password, actor=ACTOR)
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
