"""The DRF class that admits or refuses the calls of every view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenants.models import ApiKey
from tenants.throttling.calls import Call, current_call
from tenants.throttling.decision import QuotaExceeded, RateLimited
from tenants.throttling.headers import rate_limit_headers

if TYPE_CHECKING:  # DRF's views load these classes while they are being loaded themselves
    from rest_framework.views import APIView


@runtime_checkable
class Priced(Protocol):
    """A view whose calls cost units of the month, and as many of the burst."""

    def units_of(self, request: Request) -> int:
        """What the call costs. Raises what the view raises for a body that can not be read."""


class TenantThrottle(BaseThrottle):
    """Charge a call to the tenant of the key; views without a key are not charged.

    A call costs one unit of the burst and none of the month, unless its view is `Priced`.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Tells the limits in the answer. Raises `RateLimited` or `QuotaExceeded`."""
        key: object = request.auth
        if not isinstance(key, ApiKey):
            return True
        units, unreadable = _price(request, view)
        view.headers.update(admit_call(key, units=units))
        if unreadable is not None:
            raise unreadable
        return True


def admit_call(key: ApiKey, *, units: int) -> dict[str, str]:
    """Charge the call being served; the headers that tell of the limits.

    Raises `RateLimited` or `QuotaExceeded`, which tell of them as well.
    """
    call = current_call() or Call()
    decision = call.admit(key, cost=max(units, 1), units=units)
    if not decision.allowed:
        raise QuotaExceeded(decision) if decision.quota_exceeded else RateLimited(decision)
    return rate_limit_headers(decision)


def _price(request: Request, view: APIView) -> tuple[int, APIException | None]:
    """Units of the call; of one whose body can not be read nothing but the call itself."""
    if not isinstance(view, Priced) or not hasattr(view, str(request.method).lower()):
        return 0, None
    try:
        return view.units_of(request), None
    except APIException as error:
        return 0, error
