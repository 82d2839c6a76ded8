"""Progress bars on standard error, for people only: silent when nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def byte_bar(total: int) -> Iterator[Callable[[int], None]]:
    """A bar over a file of `total` bytes; call what it yields with the bytes done so far."""
    with tqdm(total=total, unit="B", unit_scale=True, disable=None) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        yield show
