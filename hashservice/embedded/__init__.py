"""PostgreSQL and Valkey, started by us, for whoever brought none.

Standard library only. Production sets DATABASE_URL and REDIS_URL, and nothing here runs.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hashservice.embedded.errors import EmbeddedError
from hashservice.embedded.lease import Lease
from hashservice.embedded.servers import Purpose, folder_of

__all__ = [
    "EmbeddedError",
    "Lease",
    "Purpose",
    "provide",
    "provide_nothing",
    "renew",
    "without_addresses",
]

_SERVERS = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
_NOWHERE = {"DATABASE_URL": "postgresql://nobody@/nothing?host=/nonexistent"}

# The process holds them, as it holds its file locks: the servers stop when it has ended.
_leases: list[Lease] = []
_provided: set[str] = set()


def provide(environ: MutableMapping[str, str], *, state_dir: Path, purpose: Purpose) -> None:
    """Start the servers that `environ` does not name, and name them there.

    They run until this process has ended. Raises EmbeddedError when one cannot run.
    """
    missing = [name for variable, name in _SERVERS.items() if not _is_set(variable, environ)]
    folders = [folder_of(name, state_dir=state_dir, purpose=purpose) for name in missing]
    with ThreadPoolExecutor() as pool:
        leases = list(pool.map(Lease, folders))
    _leases.extend(leases)
    for lease in leases:
        _name(lease.addresses(), environ)


def provide_nothing(environ: MutableMapping[str, str]) -> None:
    """Addresses that lead nowhere: with them settings load for a command that needs no server."""
    _name(_NOWHERE, environ)


def without_addresses(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment as it was given to us, for a child that takes a lease of its own."""
    return {name: value for name, value in environ.items() if name not in _provided}


def renew() -> None:
    """Start again what was killed of the servers this process uses. Cheap when nothing was."""
    for lease in _leases:
        lease.renew()


def _name(addresses: Mapping[str, str], environ: MutableMapping[str, str]) -> None:
    for variable, address in addresses.items():
        if not _is_set(variable, environ):
            environ[variable] = address
            _provided.add(variable)


def _is_set(variable: str, environ: Mapping[str, str]) -> bool:
    return bool(environ.get(variable) or environ.get(f"{variable}_FILE"))
