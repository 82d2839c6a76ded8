"""`manage.py test`: every quality gate, then pytest, on servers of their own.

`manage.py test ARGUMENTS` hands the arguments to pytest and runs nothing else.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hashservice import embedded
from hashservice.embedded.lifeline import dies_with_parent
from hashservice.embedded.locks import exclusive, is_held

PYTEST = (sys.executable, "-m", "pytest")
MANAGE = (sys.executable, "manage.py")
PYTEST_PROCESSES = "2"


@dataclass(frozen=True)
class Gate:
    """A program that ends with 0 when all is well; `extra` is added to its environment."""

    name: str
    command: Sequence[str]
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    gate: Gate
    passed: bool
    seconds: float

    def __str__(self) -> str:
        return f"{self.gate.name:<20} {'passed' if self.passed else 'FAILED'} {self.seconds:6.1f} s"


def gates() -> list[Gate]:
    lint_imports = str(Path(sysconfig.get_path("scripts")) / "lint-imports")
    no_file = ("--file", os.devnull)
    return [
        Gate("ruff check", (sys.executable, "-m", "ruff", "check", "--quiet", ".")),
        Gate("ruff format", (sys.executable, "-m", "ruff", "format", "--quiet", "--check", ".")),
        Gate("mypy", (sys.executable, "-m", "mypy", "--no-error-summary")),
        Gate("import contracts", (lint_imports, "--no-logo")),
        Gate("migrations", (*MANAGE, "makemigrations", "--check", "--dry-run")),
        Gate(
            "deployment checks",
            (*MANAGE, "check", "--deploy", "--fail-level", "WARNING"),
            _production(),
        ),
        Gate("OpenAPI", (*MANAGE, "spectacular", "--validate", "--fail-on-warn", *no_file)),
        Gate("pytest", (*PYTEST, "-n", PYTEST_PROCESSES, "--dist", "loadgroup", "-m", "not alone")),
        Gate("pytest, one by one", (*PYTEST, "-m", "alone")),
    ]


class Command(BaseCommand):
    help = "Run all quality gates and pytest; with arguments, pytest alone with these."
    requires_system_checks = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Everything after `test` is pytest's, options too."""
        sys.exit(self.run(argv[2:]))

    def handle(self, *args: str, **options: Any) -> None:  # noqa: ARG002 Django's signature
        if self.run(args) != 0:
            raise CommandError("the tests failed")

    def run(self, arguments: Sequence[str]) -> int:
        """The exit status: pytest's own, or for all gates 1 when one failed."""
        environ = embedded.without_addresses(os.environ)
        folder = settings.STATE_DIR / "test"
        try:
            embedded.provide(environ, state_dir=settings.STATE_DIR, purpose="test")
        except embedded.EmbeddedError as error:
            sys.exit(f"hashservice: {error}")
        environ["HASHSERVICE_STATE_DIR"] = str(folder / "state")
        folder.mkdir(parents=True, exist_ok=True)
        if is_held(folder / "run.lock"):
            self.stdout.write("waiting for another run of the tests in this folder …")
        with exclusive(folder / "run.lock"):  # two runs would share their databases
            return self._run_pytest(arguments, environ) if arguments else self._run_all(environ)

    def _run_pytest(self, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
        return _run(Gate("pytest", (*PYTEST, *arguments)), environ).returncode

    def _run_all(self, environ: Mapping[str, str]) -> int:
        outcomes = [self._judge(gate, environ) for gate in gates()]
        self._report(outcomes)
        return 0 if all(outcome.passed for outcome in outcomes) else 1

    def _judge(self, gate: Gate, environ: Mapping[str, str]) -> Outcome:
        self.stdout.write(self.style.MIGRATE_HEADING(gate.name))
        self.stdout.flush()
        started = time.monotonic()
        status = _run(gate, environ).returncode
        return Outcome(gate, status == 0, time.monotonic() - started)

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        self.stdout.write("")
        for outcome in outcomes:
            style = self.style.SUCCESS if outcome.passed else self.style.ERROR
            self.stdout.write(style(str(outcome)))


def _run(gate: Gate, environ: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        gate.command,
        cwd=settings.BASE_DIR,
        env={**environ, **gate.extra},
        check=False,
        preexec_fn=dies_with_parent(signal.SIGTERM),
    )


def _production() -> dict[str, str]:
    names = (
        "SECRET_KEY",
        "API_KEY_PEPPER",
        "RECEIPT_SIGNING_KEY",
        "AUDIT_SIGNING_KEY",
        "SIGNATURE_KEY",
    )
    made = {name: secrets.token_urlsafe(48) for name in names}
    return {**made, "HASHSERVICE_PRODUCTION": "1", "ALLOWED_HOSTS": "hashes.example.org"}
