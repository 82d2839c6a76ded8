"""Reads requirements.lock: which exact versions this very interpreter needs.

Understands what `uv export --no-hashes` writes, `name==version` with an optional environment marker
(PEP 508) of comparisons joined by `and` and `or`, and refuses every other line.
"""

from __future__ import annotations

import operator
import os
import platform
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

_PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?:\s*;\s*(?P<marker>.+))?")
_COMPARISON = re.compile(r"(?P<variable>\w+)\s*(?P<sign>[<>=!]=|<|>)\s*(['\"])(?P<value>[^'\"]*)\3")
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


class LockError(ValueError):
    """A line of the lock file that is not an exact pin."""


@dataclass(frozen=True)
class Pin:
    name: str
    version: str


def this_platform() -> dict[str, str]:
    """The marker variables of PEP 508 for the running interpreter."""
    return {
        "implementation_name": sys.implementation.name,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_system": platform.system(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def applies(marker: str, variables: Mapping[str, str]) -> bool:
    """Whether a marker holds; `and` binds tighter than `or`."""
    return any(
        all(_holds(comparison, variables) for comparison in alternative.split(" and "))
        for alternative in marker.split(" or ")
    )


def read_pins(text: str, variables: Mapping[str, str]) -> list[Pin]:
    """The pins of a lock file that apply to the platform `variables` describe."""
    pins = []
    for line in text.splitlines():
        requirement = line.strip()
        if not requirement or requirement.startswith("#"):
            continue
        match = _PIN.fullmatch(requirement)
        if match is None:
            raise LockError(f"not an exact pin: {requirement!r}")
        if match["marker"] is None or applies(match["marker"], variables):
            pins.append(Pin(match["name"], match["version"]))
    return pins


def all_installed(pins: list[Pin]) -> bool:
    """Whether the running interpreter has every pin in exactly its version."""
    return all(_installed_version(pin.name) == pin.version for pin in pins)


def _holds(comparison: str, variables: Mapping[str, str]) -> bool:
    match = _COMPARISON.fullmatch(comparison.strip())
    if match is None or match["variable"] not in variables:
        raise LockError(f"not a comparison this reader knows: {comparison!r}")
    left, right = variables[match["variable"]], match["value"]
    if match["variable"].startswith("python_"):
        return _SIGNS[match["sign"]](_release(left), _release(right))
    return _SIGNS[match["sign"]](left, right)


def _release(version: str) -> tuple[int, ...]:
    numbers = [int(number) for number in re.findall(r"\d+", version)[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))


def _installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
