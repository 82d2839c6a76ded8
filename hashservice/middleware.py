"""What happens around every request: its id, its address, and its one audit event."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Iterator
from functools import lru_cache

from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from hashservice.errors import UNAVAILABLE, plain_response
from tenants import acting, charges, throttling, usage
from tenants.audit import context
from tenants.audit.record import Actor, record, recorded
from tenants.audit.refusals import RefusalLog
from tenants.models import ApiKey, Outcome, Tenant
from tenants.writes import Write

GetResponse = Callable[[HttpRequest], HttpResponseBase]
API_PREFIXES = ("/v1/", "/photodna/", "/m/")  # the second is spelt in many ways
FOR_THE_SERVICE = ("/admin/", "/readyz", "/metrics")
LIVENESS = "/livez"  # answers whatever else is broken
UNAUDITED = frozenset({"/v1/openapi.json", "/v1/receipt-keys"})  # public, the same for everybody
PAGES = ("/portal/", "/admin/", "/accounts/")


def is_api(path: str) -> bool:
    """Whether programs ask here, with keys and without cookies."""
    return path.lower().startswith(API_PREFIXES)


class RequestIdMiddleware:
    """Give every request an id and its client's address, for the answer, the log and the audit."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin = context.RequestContext(
            request_id=f"req_{secrets.token_hex(12)}",
            address=client_address(request),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
        )
        request.META["REMOTE_ADDR"] = origin.address or ""
        with context.bind(origin):
            response = self._get_response(request)
        response["X-Request-Id"] = origin.request_id
        return response


class ActingMiddleware:
    """Begin every request as nobody: it acts for a tenant once a key is proven.

    The admin, the readiness check and the metrics look at all tenants' rows.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        whom = acting.SERVICE if request.path.startswith(FOR_THE_SERVICE) else acting.NOBODY
        with acting.acting_as(whom):
            response = self._get_response(request)
            if isinstance(response, StreamingHttpResponse):
                _stream_as(acting.current(), response)
        return response


def _stream_as(whom: acting.Acting, response: StreamingHttpResponse) -> None:
    """A stream is read after the request: each part is still made for whom the request acted."""
    parts = iter(response)

    def made() -> Iterator[bytes]:
        while True:
            with acting.acting_as(whom):
                part = next(parts, None)
            if part is None:
                return
            yield part

    response.streaming_content = made()


class CallMiddleware:
    """End what a request was admitted for, on every exit; a stream ends when it was read."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        call = throttling.Call()
        is_over = True
        try:
            with throttling.serving(call), charges.charging(call.charges):
                response = self._get_response(request)
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = _ending(call, iter(response))
                is_over = False
        finally:
            if is_over:
                call.end()
        return response


def _ending(call: throttling.Call, parts: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from parts
    finally:
        call.end()


class AnswerAuditMiddleware:
    """See to it that every answer of the API, and every page that somebody who signed in asks for,
    has its audit event, or is not given.

    Verbs record what they did themselves. What remains are refusals, failures and plain reads.
    Of the refusals of callers nobody knows a flood is recorded by its counts.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._refusals = RefusalLog()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path != LIVENESS:
            self._record_due_summary()
        response = self._get_response(request)
        if is_api(request.path):
            return self._audited_call(request, response)
        if request.path.startswith(PAGES) and not recorded():
            return _audited(_record_page, request, response)
        return response

    def _audited_call(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path in UNAUDITED:
            return response
        response["Cache-Control"] = "no-store"
        if recorded() or self._is_only_counted(request, response):
            return response
        return _audited(_record_answer, request, response)

    def _is_only_counted(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        """Whether it is one of a flood of calls by nobody, which are told of by their number."""
        status, code = _judged(response)
        if status >= 500 or getattr(request, "auth", None):
            return False
        code = code or str(status)
        return not self._refusals.has_own_event(source=context.current().source, code=code)

    def _record_due_summary(self) -> None:
        due = self._refusals.take_due()
        if due is None:
            return
        try:
            with context.bind(context.RequestContext()):  # it is not this request's event
                record(
                    action="request.refused",
                    actor=Actor.anonymous(),
                    outcome=Outcome.REFUSED,
                    data=due.data(),
                )
        except (DatabaseError, InterfaceError):
            self._refusals.give_back(due)


def _audited(
    record_it: Callable[[HttpRequest, HttpResponseBase], None],
    request: HttpRequest,
    response: HttpResponseBase,
) -> HttpResponseBase:
    """The answer with its event, or 503."""
    try:
        record_it(request, response)
    except DatabaseError:
        return plain_response(request, UNAVAILABLE)
    return response


def _record_page(request: HttpRequest, response: HttpResponseBase) -> None:
    """A person's look at a page that has no action of its own, or the refusal of one."""
    person, served = getattr(request, "user", None), context.served()
    if served is None or not isinstance(person, User):
        return
    action, outcome = _outcome(response.status_code)
    record(
        action=action,
        actor=Actor.user(person),
        tenant=served.tenant,
        target=_page(request, served.tenant),
        outcome=outcome,
        status=response.status_code,
        data={"method": request.method},
    )


def _page(request: HttpRequest, tenant: Tenant | None) -> str:
    """The address where it holds ids alone, elsewhere the route: links of accounts are secrets."""
    if tenant is not None or request.path.startswith("/admin/"):
        return request.path
    return f"/{request.resolver_match.route}" if request.resolver_match else "no such page"


def _outcome(status: int) -> tuple[str, Outcome]:
    if status >= 500:
        return "request.failed", Outcome.ERROR
    if status >= 400:
        return "request.refused", Outcome.REFUSED
    return "request.served", Outcome.SUCCESS


def _record_answer(request: HttpRequest, response: HttpResponseBase) -> None:
    status, code = _judged(response)
    action, outcome = _outcome(status)
    key: ApiKey | None = getattr(request, "auth", None)
    record(
        action=action,
        actor=Actor.key(key) if key else Actor.anonymous(),
        tenant=key.tenant if key else None,
        target=request.path,
        outcome=outcome,
        status=status,
        data={"method": request.method, "code": code},
        effects=_counted(key, outcome),
    )


def _counted(key: ApiKey | None, outcome: Outcome) -> list[Write]:
    """The day's counters of calls that failed or were refused or cost something, of known callers.

    What a verb answered it has counted itself.
    """
    counter = {Outcome.ERROR: {"errors": 1}, Outcome.REFUSED: {"rejected": 1}}.get(outcome, {})
    charged = charges.current()
    counts = counter | ({"units": charged.total} if charged and charged.total else {})
    if key is None or not counts:
        return []
    return [usage.counting(tenant=key.tenant, environment=key.environment, **counts)]


def _judged(response: HttpResponseBase) -> tuple[int, str | None]:
    """Status and problem code. A dialect may have to tell a refusal as a success."""
    told: tuple[int, str] | None = getattr(response, "audited_as", None)
    if told is not None:
        return told
    body = getattr(response, "data", None)
    return response.status_code, body.get("code") if isinstance(body, dict) else None


def client_address(request: HttpRequest) -> str | None:
    """The caller's address: of a chain of proxies, the last one that is not ours.

    `X-Forwarded-For` is read only when the connection comes from a trusted proxy, from the right:
    what stands further left was written by whoever asked.
    """
    address = _plain(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return address
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not _is_trusted(address):
            break
        address = _plain(hop.strip()) or address
    return address


@lru_cache(maxsize=4096)
def _plain(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _is_trusted(address: str | None) -> bool:
    if address is None:
        return bool(settings.TRUSTED_PROXIES)  # a unix socket has no address: only our proxy has it
    ip = ipaddress.ip_address(address)
    return any(
        ip in ipaddress.ip_network(network, strict=False) for network in settings.TRUSTED_PROXIES
    )
