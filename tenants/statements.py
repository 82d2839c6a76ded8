"""Statements that are written out once and run for every request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection


def run(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Its rows. Quickest when `statement` is the very same object every time."""
    ours: Any = connection  # see hashservice/postgres
    rows: list[tuple[Any, ...]] = ours.run(statement, values)
    return rows
