"""`manage.py test`: every quality gate and all tests, on servers of their own.

The gates run beside each other and beside the tests that need the database server to themselves,
which no gate changes anything in; then come all other tests on every core.
`manage.py test ARGUMENTS` hands the arguments to pytest and runs nothing else.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hashservice import embedded
from hashservice.embedded.lifeline import dies_with_parent
from hashservice.embedded.locks import exclusive, is_held

PYTEST = (sys.executable, "-m", "pytest")
MANAGE = (sys.executable, "manage.py")
PYTEST_PROCESSES = "2"
TICK_SECONDS = 0.05
# A fresh clone has it compiled once, not by every process that searches first.
COMPILE = """\
from matching import index
from matching.index import local
index.warm_up()
local.warm_up()
"""


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


@dataclass(frozen=True)
class Running:
    """A gate that was started; what it says is kept in `told` until it has ended."""

    gate: Gate
    process: subprocess.Popen[bytes]
    told: IO[bytes]
    began: float

    def outcome(self) -> Outcome:
        return Outcome(self.gate, self.process.returncode == 0, time.monotonic() - self.began)


def gates() -> list[Gate]:
    """What can run beside each other."""
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
        Gate("compiled search", (sys.executable, "-c", COMPILE)),
        Gate("pytest, one by one", (*PYTEST, "-m", "alone")),
    ]


def all_other_tests() -> Gate:
    spread = ("-n", PYTEST_PROCESSES, "--dist", "loadgroup")
    return Gate("pytest", (*PYTEST, *spread, "-m", "not alone"))


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
        _keep_bytecode(environ, folder / "bytecode")
        if is_held(folder / "run.lock"):
            self.stdout.write("waiting for another run of the tests in this folder …")
        with exclusive(folder / "run.lock"):  # two runs would share their databases
            return self._run_pytest(arguments, environ) if arguments else self._run_all(environ)

    def _run_pytest(self, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
        return _run(Gate("pytest", (*PYTEST, *arguments)), environ).returncode

    def _run_all(self, environ: Mapping[str, str]) -> int:
        outcomes = [
            *self._judge_together(gates(), environ),
            self._judge(all_other_tests(), environ),
        ]
        self._report(outcomes)
        return 0 if all(outcome.passed for outcome in outcomes) else 1

    def _judge_together(
        self, together: Sequence[Gate], environ: Mapping[str, str]
    ) -> list[Outcome]:
        """In the order in which they end, and what each of them said."""
        running = [_start(gate, environ) for gate in together]
        outcomes = []
        while running:
            time.sleep(TICK_SECONDS)
            ended = [one for one in running if one.process.poll() is not None]
            running = [one for one in running if one not in ended]
            for one in ended:
                outcomes.append(one.outcome())
                self._tell(one)
        return outcomes

    def _tell(self, ended: Running) -> None:
        self._say_heading(ended.gate)
        with ended.told as told:
            told.seek(0)
            self.stdout.write(told.read().decode("utf8", "replace"), ending="")
        self.stdout.flush()

    def _judge(self, gate: Gate, environ: Mapping[str, str]) -> Outcome:
        self._say_heading(gate)
        started = time.monotonic()
        status = _run(gate, environ).returncode
        return Outcome(gate, status == 0, time.monotonic() - started)

    def _say_heading(self, gate: Gate) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(gate.name))
        self.stdout.flush()

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        self.stdout.write("")
        for outcome in outcomes:
            style = self.style.SUCCESS if outcome.passed else self.style.ERROR
            self.stdout.write(style(str(outcome)))


def _run(gate: Gate, environ: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(gate.command, check=False, **_terms(gate, environ))


def _start(gate: Gate, environ: Mapping[str, str]) -> Running:
    told = tempfile.TemporaryFile()  # noqa: SIM115 closed by who reads it
    terms = _terms(gate, environ)
    process = subprocess.Popen(gate.command, stdout=told, stderr=subprocess.STDOUT, **terms)
    return Running(gate, process, told, time.monotonic())


def _terms(gate: Gate, environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        "cwd": settings.BASE_DIR,
        "env": {**environ, **gate.extra},
        "preexec_fn": dies_with_parent(signal.SIGTERM),
    }


def _keep_bytecode(environ: MutableMapping[str, str], folder: Path) -> None:
    """Where no bytecode may lie beside the sources, keep it in `folder`.

    Tests start dozens of processes, and each would compile all it imports, for seconds.
    """
    if sys.dont_write_bytecode:
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        environ["PYTHONPYCACHEPREFIX"] = str(folder)


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
