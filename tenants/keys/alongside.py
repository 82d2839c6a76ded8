"""Single rows that are read in the statement that looks a key up.

Nearly every request needs them, and a statement of their own would cost far more than they do.
"""

from __future__ import annotations

import time
from typing import Final, TypeVar

from django.db import models

from tenants.models import ApiKey
from tenants.reads import taken

Row = TypeVar("Row", bound=models.Model)

_models: Final[list[type[models.Model]]] = []


def read_along(model: type[models.Model]) -> None:
    """Have the only row of `model` read with every key. For apps that get ready, not for later."""
    if model not in _models:
        _models.append(model)


def along(key: ApiKey, model: type[Row], *, seconds: float) -> Row | None:
    """The row of `model` as it was when `key` was looked up, if that was `seconds` ago at most."""
    row = key.along.get(model)
    is_fresh = time.monotonic() - key.looked_up_at <= seconds
    return row if is_fresh and isinstance(row, model) else None


def tables() -> dict[str, type[models.Model]]:
    """What is read along, by the alias in the statement."""
    return {f"along_{place}": model for place, model in enumerate(_models)}


def keep(key: ApiKey, values: list[object]) -> None:
    """Take the rows of `tables` from the end of a key's row; one that is not there is left out."""
    rows = [taken(model, values) for model in _models]
    key.along = {type(row): row for row in rows if row.pk is not None}
    key.looked_up_at = time.monotonic()
