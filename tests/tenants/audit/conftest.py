"""A log with something in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tenants.audit.reports import SIZE, Log

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that commit and seal have the database server to themselves.

    The sealer waits for every older transaction of the server, those of other tests included.
    """
    for item in items:
        marker = item.get_closest_marker("django_db")
        if item.path.is_relative_to(HERE) and marker and marker.kwargs.get("transaction"):
            item.add_marker("alone")


@pytest.fixture(autouse=True)
def outside(tmp_path: Path, settings: Any) -> Path:
    """Every test keeps the checkpoints outside of the database in a folder of its own."""
    settings.STATE_DIR = tmp_path / "state"
    return settings.STATE_DIR / "checkpoints"


@pytest.fixture
def log() -> Log:
    return Log.of(SIZE)
