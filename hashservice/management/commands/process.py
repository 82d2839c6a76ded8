"""`manage.py process web|worker|courier|sealer|beat`: become one process, as deploy/ runs them."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from hashservice.supervisor import Program, programs


class Command(BaseCommand):
    help = "Run one process of the service in place of this one; `serve` runs all of them."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        web = kinds.add_parser("web", help="answer HTTP")
        web.add_argument("--host", default="127.0.0.1")
        web.add_argument("--port", type=int, default=8000)
        web.add_argument("--workers", type=int, default=settings.WEB_WORKERS)
        web.add_argument("--threads", type=int, default=programs.WEB_THREADS)
        worker = kinds.add_parser("worker", help="work off what was accepted")
        worker.add_argument("--processes", type=int, default=programs.WORKER_PROCESSES)
        kinds.add_parser("courier", help="deliver webhooks")
        kinds.add_parser("sealer", help="seal and sign the audit log")
        kinds.add_parser("beat", help="wake the worker on schedule; run exactly one")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        program = _program(options)
        os.execv(program.command[0], program.command)  # noqa: S606 a fixed program, no shell


def _program(options: dict[str, Any]) -> Program:
    if options["kind"] == "web":
        return programs.web(
            **{name: options[name] for name in ("host", "port", "workers", "threads")}
        )
    if options["kind"] == "worker":
        return programs.worker(processes=options["processes"])
    if options["kind"] == "courier":
        return programs.courier()
    if options["kind"] == "sealer":
        return programs.sealer()
    return programs.beat(state_dir=settings.STATE_DIR)
