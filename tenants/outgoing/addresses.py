"""Which IP addresses are public.

IPv4: all but the IANA special-purpose registry (RFC 6890 and its updates), multicast and class E.
IPv6: only what is allocated as global unicast, 2000::/3, without documentation, protocol
assignments (Teredo among them) and 6to4. Mapped, compatible and NAT64 addresses, which lead to IPv4
ones, lie outside of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ipaddress.ip_network, texts))


NOT_PUBLIC: Final = _networks(
    "0.0.0.0/8",  # this network
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # carriers' own; a cloud's metadata too
    "127.0.0.0/8",  # loopback
    "168.63.129.16/32",  # a cloud's platform, reached from inside alone
    "169.254.0.0/16",  # link-local; the clouds' metadata
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # protocol assignments
    "192.0.2.0/24",  # documentation
    "192.31.196.0/24",  # AS112
    "192.52.193.0/24",  # AMT
    "192.88.99.0/24",  # 6to4 relays
    "192.168.0.0/16",  # private
    "192.175.48.0/24",  # AS112
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, broadcast
    "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4: leads to IPv4
    "2620:4f:8000::/48",  # AS112
    "3fff::/20",  # documentation
)
GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})  # RFC 5214: an IPv4 address follows


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator changed about it. `denied` outweighs `allowed`."""

    allowed: tuple[Network, ...] = ()
    denied: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset({443})
    plain_http: bool = False

    def admits(self, address: Address, port: int) -> bool:
        """Whether a connection may go there; where the operator allows it, to any port."""
        if _lies_in(address, self.denied):
            return False
        if _lies_in(address, self.allowed):
            return True
        return port in self.ports and is_public(address)


def is_public(address: Address) -> bool:
    """Whether everybody reaches the same host by `address`, and a host at all."""
    if _lies_in(address, NOT_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return address in GLOBAL_UNICAST and (int(address) >> 32) & 0xFFFFFFFF not in ISATAP


def rules() -> Rules:
    """The rules in force, from the settings."""
    return _rules(
        tuple(settings.OUTGOING_ALLOWED_NETWORKS),
        tuple(settings.OUTGOING_DENIED_NETWORKS),
        tuple(settings.OUTGOING_PORTS),
        settings.OUTGOING_HTTP,
    )


@lru_cache(maxsize=8)
def _rules(
    allowed: tuple[str, ...], denied: tuple[str, ...], ports: tuple[int, ...], plain_http: bool
) -> Rules:
    return Rules(_networks(*allowed), _networks(*denied), frozenset(ports), plain_http)


def _lies_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
