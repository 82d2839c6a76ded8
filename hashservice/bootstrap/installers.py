"""Fill a virtual environment from the lock file: by uv where it is at hand, else by pip.

uv ignores pip's configuration (mirrors, proxies, wheel folders): where uv fails pip may still work.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_TAIL_LINES = 15
_NO_VENV = (
    "Python's venv module cannot make an environment with pip here. "
    "On Debian and Ubuntu: apt-get install python3-venv (or put uv on PATH). Then run this again."
)


class InstallError(RuntimeError):
    """No installer succeeded; the message holds the end of what the last one printed."""


def install(*, python: Path, base_python: Path, lock_file: Path, keep: bool) -> str:
    """Install every pin into the environment of `python`, and name the installer that did it.

    `keep` builds on an environment that is already there; otherwise it is made anew.
    """
    uv = shutil.which("uv")
    if uv is not None:
        try:
            _by_uv(uv, python=python, base_python=base_python, lock_file=lock_file, keep=keep)
        except InstallError:
            keep = False
        else:
            return "uv"
    _by_pip(python=python, base_python=base_python, lock_file=lock_file, keep=keep)
    return "pip"


def _by_uv(uv: str, *, python: Path, base_python: Path, lock_file: Path, keep: bool) -> None:
    if not keep:
        _run(uv, "venv", "--quiet", "--clear", "--python", base_python, _folder(python))
    # In the project's folder uv reads [tool.uv]: the system's certificates count.
    _run(uv, "pip", "install", "--quiet", "--python", python, "-r", lock_file, cwd=lock_file.parent)


def _by_pip(*, python: Path, base_python: Path, lock_file: Path, keep: bool) -> None:
    if not (keep and _has_pip(python)):
        _make_venv(base_python, _folder(python))
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    # Compiling all of it takes a third of the time; Python compiles what it imports, as it does.
    options = (*quiet, "--no-user", "--no-compile")
    _run(python, "-m", "pip", "install", *options, "-r", lock_file)


def _make_venv(base_python: Path, folder: Path) -> None:
    try:
        _run(base_python, "-m", "venv", "--clear", folder)
    except InstallError as error:
        raise InstallError(f"{_NO_VENV}\n{error}") from error


def _has_pip(python: Path) -> bool:
    check: list[str | Path] = [python, "-m", "pip", "--version"]
    return subprocess.run(check, capture_output=True, check=False).returncode == 0


def _folder(python: Path) -> Path:
    return python.parent.parent


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd)
    except OSError as error:
        raise InstallError(f"{command[0]}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        tail = (error.stdout + error.stderr).strip().splitlines()[-_TAIL_LINES:]
        raise InstallError("\n".join(tail)) from error
