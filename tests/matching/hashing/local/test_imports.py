"""What costs memory is loaded where it is used: OpenCV in some decoder processes, numba in none."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

SERVICE = """
import hashservice.wsgi
import hashservice.urls, matching.tasks, matching.index.local, matching.hashing.local.query
import matching.management.commands.hash_images, matching.management.commands.import_hash_list
"""
DECODER = "import matching.hashing.sandbox.worker"
LOCAL_DECODER = "import matching.hashing.sandbox.local_worker"


@pytest.mark.parametrize(
    ("program", "absent"),
    [(SERVICE, "cv2"), (DECODER, "cv2"), (DECODER, "numba"), (LOCAL_DECODER, "numba")],
    ids=["service", "decoder", "decoder numba", "local decoder numba"],
)
def test_process_does_not_load(program: str, absent: str) -> None:
    """Asked of a process of its own, which has nothing of this one's imports."""
    asking = f"{program}\nimport sys\nsys.exit({absent!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asking], cwd=settings.BASE_DIR, check=False)
    assert done.returncode == 0
