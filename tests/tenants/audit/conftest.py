"""A log with something in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def outside(tmp_path: Path, settings: Any) -> Path:
    """Every test keeps the checkpoints outside of the database in a folder of its own."""
    settings.STATE_DIR = tmp_path / "state"
    return settings.STATE_DIR / "checkpoints"
