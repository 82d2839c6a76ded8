"""`manage.py demo`: serve, register pictures, submit altered copies of them, show the verdicts."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hashservice.demo.cast import CURATORS, OWNER, Cast, set_up
from hashservice.demo.copies import pictures_in, rendered_pictures, submissions
from hashservice.demo.run import Line, table, verdicts
from hashservice.management.commands.serve import require_free
from hashservice.supervisor import Service, ServiceError, running

WITHOUT_MFA = {"REQUIRE_MFA": "0"}  # the people of the demonstration have no second factor


class Command(BaseCommand):
    help = "Set everything up, serve, and show real matches over HTTP."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--photos", type=Path, help="a folder of photos to use instead")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--once", action="store_true", help="end after the table of verdicts")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        # Ended by SIGTERM as by Ctrl-C: the service below it stops first.
        signal.signal(signal.SIGTERM, _interrupt)
        require_free("127.0.0.1", options["port"])
        folder: Path | None = options["photos"]
        if folder and not folder.is_dir():
            raise CommandError(f"{folder} is not a folder")
        pictures = pictures_in(folder) if folder else rendered_pictures()
        if not pictures.known:
            raise CommandError(f"{folder} holds no files")
        call_command("migrate", interactive=False, verbosity=0)
        self._say("Registering pictures on the list “demo”: one curator adds, another approves …")
        cast = set_up(pictures.known)
        self._say(f"{cast.registered} pictures are on the list.")
        first, second = CURATORS
        call_command("create_sandbox", adder=first, approved_by=second, stdout=self.stdout)
        log = settings.STATE_DIR / "logs" / "serve.log"
        try:
            with running(port=options["port"], log=log, extra=WITHOUT_MFA) as service:
                lines = verdicts(service.url, cast.secret, submissions(pictures))
                self._show(lines, cast, service)
                if not options["once"]:
                    service.wait()
        except ServiceError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            return
        if not all(line.is_right for line in lines):
            raise CommandError("a verdict is wrong")

    def _show(self, lines: Sequence[Line], cast: Cast, service: Service) -> None:
        self._say(f"\n{table(lines)}\n\n")
        self._say(f"Documentation  {service.url}/docs/")
        self._say(f"Admin          {service.url}/admin/")
        for name, password in cast.passwords.items():
            self._say(f"  curator      {name:<20} password  {password}")
        self._say(f"Portal         {service.url}/portal/")
        self._say(f"  owner        {OWNER:<20} password  {cast.owner_password}")
        self._say(f"Log            {service.log}\n\n")
        self._say(f"export KEY={cast.secret}")
        self._say(
            f'curl -H "Authorization: Bearer $KEY" -H "Content-Type: image/jpeg" '
            f"--data-binary @photo.jpg {service.url}/v1/match"
        )
        self._say(f'curl -H "Authorization: Bearer $KEY" {service.url}/v1/key')

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise KeyboardInterrupt
