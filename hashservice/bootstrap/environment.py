"""The virtual environment `.venv` beside manage.py: made once, repaired, adopted.

A stamp, written last and in one step, says for which lock file and which Python the environment was
made. A mark stands while an install is under way: what a killed install left behind cannot be
trusted, however complete its metadata looks, and is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hashservice.bootstrap import installers
from hashservice.bootstrap.lock import all_installed, read_pins, this_platform

SWITCH = "HASHSERVICE_BOOTSTRAP"
_PROBE = (
    "import platform, sys; assert sys.version_info >= (3, 11); print(platform.python_version())"
)


class BootstrapError(RuntimeError):
    """The environment could not be made; the message says what to do."""


@dataclass(frozen=True)
class Environment:
    """Where things lie: the project's root folder, its lock file and its environment."""

    root: Path

    @property
    def lock_file(self) -> Path:
        return self.root / "requirements.lock"

    @property
    def folder(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / "hashservice-stamp"

    @property
    def mark(self) -> Path:
        return self.root / ".venv.installing"

    def is_running(self) -> bool:
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def is_ready(self) -> bool:
        """Whether the stamp fits the lock file, and our Python when it is the one that asks."""
        try:
            digest, version = self.stamp.read_text("utf8").split()
        except (OSError, ValueError):
            return False
        return (
            digest == self._lock_digest()
            and self.python.exists()
            and not self.mark.exists()
            and (not self.is_running() or version == platform.python_version())
        )

    def write_stamp(self) -> None:
        draft = self.stamp.with_suffix(f".{os.getpid()}")
        draft.write_text(f"{self._lock_digest()} {self.python_version()}\n", "utf8")
        draft.replace(self.stamp)
        self.mark.unlink(missing_ok=True)

    def python_version(self) -> str | None:
        """What the environment's interpreter says of itself; None when it does not run."""
        try:
            answer = subprocess.run(
                [self.python, "-I", "-c", _PROBE], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return None
        return answer.stdout.strip()

    def is_usable(self) -> bool:
        """Whether an install may build on what is there."""
        return not self.mark.exists() and self.python_version() is not None

    def satisfies_lock(self) -> bool:
        check: list[str | Path] = [self.python, "-m", "hashservice.bootstrap", self.lock_file]
        return (
            self.is_usable() and subprocess.run(check, cwd=self.root, check=False).returncode == 0
        )

    def _lock_digest(self) -> str:
        return hashlib.sha256(self.lock_file.read_bytes()).hexdigest()


def ensure_environment(root: Path) -> None:
    """Return when this interpreter can run the project; otherwise make `.venv` and run again in it.

    `HASHSERVICE_BOOTSTRAP=0` trusts the interpreter as it is (containers, distribution packages).
    """
    environment = Environment(root)
    if os.environ.get(SWITCH) == "0" or (environment.is_running() and environment.is_ready()):
        return
    if not environment.is_running() and _interpreter_satisfies(environment.lock_file):
        return
    if not environment.is_ready():
        _make(environment)
    _run_again(environment.python)


def _interpreter_satisfies(lock_file: Path) -> bool:
    return all_installed(read_pins(lock_file.read_text("utf8"), this_platform()))


def _make(environment: Environment) -> None:
    try:
        with _alone(environment.lock_file):
            if environment.is_ready():
                return
            if not environment.satisfies_lock():
                _install(environment)
            environment.write_stamp()
    except PermissionError as error:
        raise BootstrapError(
            f"{error.filename} cannot be written. Clone the project into a folder of your own, "
            f"or set {SWITCH}=0 and run with an interpreter that has all of requirements.lock."
        ) from error


def _install(environment: Environment) -> None:
    usable = environment.is_usable()
    environment.mark.touch()
    count = len(read_pins(environment.lock_file.read_text("utf8"), this_platform()))
    _say(f"installing {count} packages into {environment.folder.name}, once …")
    started = time.monotonic()
    base = getattr(sys, "_base_executable", sys.executable)
    try:
        used = installers.install(
            python=environment.python,
            base_python=Path(base),
            lock_file=environment.lock_file,
            keep=usable,
        )
    except installers.InstallError as error:
        raise BootstrapError(str(error)) from error
    _say(f"installed by {used} in {time.monotonic() - started:.0f} s")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One install at a time: a second start waits here and then finds the work done."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _run_again(python: Path) -> None:
    os.execv(python, [str(python), *sys.orig_argv[1:]])  # noqa: S606 a fixed program, no shell


def _say(line: str) -> None:
    print(f"hashservice: {line}", file=sys.stderr, flush=True)  # noqa: T201 no logging exists yet
