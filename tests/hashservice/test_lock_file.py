"""The lock file and the reader of it that works before any dependency is there."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from hashservice.bootstrap.lock import (
    LockError,
    Pin,
    all_installed,
    applies,
    read_pins,
    this_platform,
)

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
LINUX = {
    "python_full_version": "3.11.10",
    "sys_platform": "linux",
    "platform_python_implementation": "CPython",
}


def test_lock_file_holds_exact_pins_and_no_address() -> None:
    text = LOCK.read_text("utf8")
    names = [pin.name for pin in read_pins(text, this_platform())]
    assert "django" in names
    assert len(names) == len(set(names))
    assert "://" not in text


def test_pin_whose_marker_does_not_hold_is_left_out() -> None:
    lines = ["one==1", "two==2 ; sys_platform == 'win32'", "# remark", "", "three==3"]
    assert read_pins("\n".join(lines), LINUX) == [Pin("one", "1"), Pin("three", "3")]


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("python_full_version < '3.11.3'", False),
        ("python_full_version >= '3.9'", True),
        ("python_full_version < '3.12'", True),
        ("platform_python_implementation != 'PyPy'", True),
        ("sys_platform == 'win32' and sys_platform == 'linux' or sys_platform == 'linux'", True),
        ("sys_platform == 'linux' or sys_platform == 'linux' and sys_platform == 'win32'", True),
        ("sys_platform == 'win32' and sys_platform == 'linux'", False),
    ],
)
def test_marker_is_judged_as_pep_508_says(marker: str, holds: bool) -> None:
    assert applies(marker, LINUX) is holds


@pytest.mark.parametrize(
    "line",
    [
        "django>=5.2",
        "django",
        "django==5.2 --hash=sha256:00",
        "-r other.txt",
        "django @ file:///django.whl",
        "django==5.2 ; extra == 'x'",
        "django==5.2 ; (sys_platform == 'linux')",
    ],
)
def test_line_that_is_no_exact_pin_is_refused(line: str) -> None:
    with pytest.raises(LockError):
        read_pins(line, LINUX)


def test_only_the_exact_version_counts_as_installed() -> None:
    version = metadata.version("django")
    assert all_installed([Pin("django", version)])
    assert not all_installed([Pin("django", version + ".1")])
    assert not all_installed([Pin("django", version), Pin("no-such-package", "1")])
