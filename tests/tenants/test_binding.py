"""Values of context variables for the length of a block."""

from __future__ import annotations

from contextvars import ContextVar

import pytest

from tenants.binding import Bound

name: ContextVar[str] = ContextVar("name", default="nobody")


def test_value_ends_with_the_block():
    with Bound(name, "somebody"):
        assert name.get() == "somebody"

    assert name.get() == "nobody"


def test_value_before_comes_back_after_an_error():
    with Bound(name, "first"):
        with pytest.raises(ValueError, match="within"), Bound(name, "second"):
            raise ValueError("within")
        assert name.get() == "first"


def test_what_became_of_it_inside_ends_with_the_block():
    with Bound(name, "somebody"):
        name.set("somebody else")

    assert name.get() == "nobody"
