"""A report's figures as a PDF, made by a program of its own: it imports what nobody else needs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

LONGEST_SECONDS: Final = 60


class PrintingFailed(Exception):
    """The PDF could not be made; the figures are there all the same."""


def pdf(figures: Mapping[str, Any]) -> bytes:
    """The PDF of `figures` (those of `totals`), byte for byte the same every time.

    Raises `PrintingFailed`.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "matching.printing"],
            input=json.dumps(figures).encode(),
            capture_output=True,
            timeout=LONGEST_SECONDS,
            check=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise PrintingFailed("the report could not be printed") from error
    return done.stdout
