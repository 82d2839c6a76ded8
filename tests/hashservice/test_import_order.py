"""Whichever module of the API is loaded first: DRF loads ours while it is being loaded itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

FIRST = ["hashservice.urls", "rest_framework.views", "tenants.api.bodies", "drf_spectacular.views"]


@pytest.mark.slow
@pytest.mark.parametrize("module", FIRST)
def test_module_can_be_the_first_to_be_loaded(module):
    program = f"import django; django.setup(); import {module}, hashservice.urls"
    subprocess.run([sys.executable, "-c", program], check=True)
