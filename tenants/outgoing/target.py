"""From an address as a tenant wrote it to a host and the IP addresses that may be connected to."""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import threading
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tenants.outgoing.addresses import Address, Rules
from tenants.outgoing.errors import AddressRefused

LONGEST_URL: Final = 2_048
MOST_ADDRESSES: Final = 4  # tried in turn; all of a name's addresses are checked
RESOLVE_SECONDS: Final = 3.0
DEFAULT_PORTS: Final = {"https": 443, "http": 80}
# ASCII without spaces, controls, the backslash and the zone of an IPv6 address.
PRINTABLE: Final = re.compile(r"(?!.*\[[^\]]*%)[!-\[\]-~]+")
NAME: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}")
# What C libraries read as an IPv4 address: 127.1, 0x7f.1, 017700000001, 2130706433.
NUMERIC: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is what certificate and Host header go by."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header: with a port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parsed(url: str, rules: Rules) -> Target:
    """The parts of `url`, read in one way only. Raises AddressRefused."""
    if len(url) > LONGEST_URL or not PRINTABLE.fullmatch(url):
        raise AddressRefused
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused from error
    schemes = ("https", "http") if rules.plain_http else ("https",)
    if parts.scheme not in schemes or "@" in parts.netloc or port == 0:
        raise AddressRefused
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    host = _host(parts.hostname or "", is_bracketed=parts.netloc.startswith("["))
    return Target(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], target)


def resolved(target: Target, rules: Rules) -> list[Address]:
    """The addresses of the target's host. Raises AddressRefused unless all of them are allowed."""
    addresses = _addresses(target.host)
    if not addresses or not all(rules.admits(address, target.port) for address in addresses):
        raise AddressRefused
    return addresses[:MOST_ADDRESSES]


def _host(host: str, *, is_bracketed: bool) -> str:
    name = host.removesuffix(".")
    try:
        if is_bracketed:
            return str(ipaddress.IPv6Address(host))
        if NUMERIC.fullmatch(name):
            return str(ipaddress.IPv4Address(name))
    except ValueError as error:
        raise AddressRefused from error
    if len(name) > 253 or not NAME.fullmatch(name):
        raise AddressRefused
    return name


def _addresses(host: str) -> list[Address]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        return _looked_up(host)


def _looked_up(host: str) -> list[Address]:
    """Asked aside: a resolver that does not answer must not hold up the caller for long."""
    found: queue.SimpleQueue[list[Address]] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found.put([ipaddress.ip_address(info[4][0]) for info in infos])
        except (OSError, ValueError):  # a zone id is no part of a public address
            found.put([])

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    try:
        return found.get(timeout=RESOLVE_SECONDS)
    except queue.Empty:
        return []
