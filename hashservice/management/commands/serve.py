"""`manage.py serve`: the whole service on this machine, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
import socket
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hashservice import embedded
from hashservice.supervisor import Supervisor, answers, programs

PAGES = {"API": "/v1/", "Documentation": "/docs/", "Portal": "/portal/", "Admin": "/admin/"}
# Here root is a developer's container. deploy/ runs the worker as a user of its own.
ROOT_IS_FINE = "ignore:You're running the worker with superuser"


class Command(BaseCommand):
    help = "Run web, worker and scheduler on this machine; migrates first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=settings.WEB_WORKERS)
        parser.add_argument("--threads", type=int, default=programs.WEB_THREADS)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        host, port, workers = options["host"], options["port"], options["workers"]
        require_free(host, port)
        call_command("migrate", interactive=False, verbosity=0)
        supervisor = Supervisor(
            [
                programs.web(host=host, port=port, workers=workers, threads=options["threads"]),
                programs.worker(),
                programs.courier(),
                programs.sealer(),
                programs.beat(state_dir=settings.STATE_DIR),
            ],
            environ={
                **os.environ,
                "WEB_WORKERS": str(workers),
                "PYTHONUNBUFFERED": "1",
                "PYTHONWARNINGS": ROOT_IS_FINE,
            },
            folder=settings.BASE_DIR,
            say=self._say,
            duties=[self._renew, Announcement(self._say, host=host, port=port)],
        )
        supervisor.run()
        self._say("stopped")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _renew(self) -> None:
        try:
            embedded.renew()
        except embedded.EmbeddedError as error:
            self._say(str(error))


class Announcement:
    """Says once where the service is, as soon as it answers."""

    def __init__(self, say: Any, *, host: str, port: int) -> None:
        self._say = say
        self._address = (host, port)
        self._said = False

    def __call__(self) -> None:
        if self._said or not answers(*self._address, "/livez"):
            return
        self._said = True
        host, port = self._address
        for name, path in PAGES.items():
            self._say(f"{name:<14} http://{host}:{port}{path}")


def require_free(host: str, port: int) -> None:
    """Say in time, and plainly, that another program listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port} ({error.strerror}): choose another with --port"
            ) from error
