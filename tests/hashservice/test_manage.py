"""manage.py decides which commands bring servers along."""

from __future__ import annotations

import pytest

from manage import needs_servers


@pytest.mark.parametrize(
    "arguments",
    [["serve"], ["demo", "--once"], ["migrate"], ["shell"], ["create_tenant", "help"]],
)
def test_command_that_works_with_rows_brings_servers(arguments: list[str]) -> None:
    assert needs_servers(arguments)


@pytest.mark.parametrize(
    "arguments",
    [[], ["help"], ["--version"], ["serve", "--help"], ["test", "-k", "x"], ["hash_images", "."]],
)
def test_command_that_touches_no_row_brings_none(arguments: list[str]) -> None:
    assert not needs_servers(arguments)
