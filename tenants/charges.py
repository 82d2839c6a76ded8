"""What the request being served costs, in units of its tenant's month."""

from __future__ import annotations

from contextvars import ContextVar

from tenants.binding import Bound


class Charges:
    """Of one request: what it was admitted for, and what serving it took."""

    def __init__(self) -> None:
        self.admitted = 0
        self.served = 0

    @property
    def total(self) -> int:
        """Units to be counted for the month."""
        return max(self.admitted, self.served)

    @property
    def further(self) -> int:
        """Units beyond what it was admitted for."""
        return self.total - self.admitted


_charges: ContextVar[Charges | None] = ContextVar("charges", default=None)


def charging(charges: Charges) -> Bound[Charges | None]:
    """Serve a request: what is charged inside goes to `charges`."""
    return Bound(_charges, charges)


def current() -> Charges | None:
    """Those of the request being served; None in commands and tasks."""
    return _charges.get()


def charge(units: int) -> None:
    """Note what it took to serve a part of the request. Outside of requests nobody is charged."""
    charges = _charges.get()
    if charges is not None:
        charges.served += units
