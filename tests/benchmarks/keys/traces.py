"""Where secrets that were issued stand, of all that a service keeps."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import redis

from hashservice.embedded.binaries import find_postgres
from tests.benchmarks.installation import Installation
from tests.benchmarks.keys.office import Key

DATABASES = (0, 1)  # limits, and the queue


def traces(installed: Installation, keys: Sequence[Key]) -> str:
    """Secrets found, and as a proof that looking finds what is there, ids of the same keys."""
    kept = [*_files(installed.folder), _dump(installed), *_values(installed)]
    found = sum(_stands_in(kept, needles) for needles in map(_forms, keys))
    ids = sum(_stands_in(kept, [key.id.encode()]) for key in keys)
    size = sum(map(len, kept)) / 1e6
    return (
        f"{found} of {len(keys)} secrets found in {size:.0f} MB of files, logs, pg_dump with its"
        f" audit rows, and Valkey; {ids} of their ids"
    )


def _forms(key: Key) -> list[bytes]:
    """The random part as it is, in hexadecimal and in base64 at each of three places."""
    secret = key.secret.rpartition("_")[2].encode()
    encoded = [base64.b64encode(b"_" * before + secret) for before in range(3)]
    # The digits at either end depend on what stands around the secret.
    return [secret, secret.hex().encode(), *(form[4:-4] for form in encoded)]


def _stands_in(kept: Sequence[bytes], needles: Sequence[bytes]) -> bool:
    return any(needle in part for part in kept for needle in needles)


def _files(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path.read_bytes()


def _dump(installed: Installation) -> bytes:
    """Every row of every tenant as text, by the program that belongs to the server."""
    environment = installed.environment()
    program = find_postgres() / "bin" / "pg_dump"
    return subprocess.run(
        [str(program), "--inserts", "--enable-row-security", environment["DATABASE_OWNER_URL"]],
        env={**os.environ, "PGOPTIONS": "-c app.scope=service"},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout


def _values(installed: Installation) -> Iterator[bytes]:
    url = installed.environment()["REDIS_URL"]
    for database in DATABASES:
        with redis.Redis.from_url(url.replace("db=0", f"db={database}")) as server:
            for key in server.scan_iter():
                yield from (key, server.dump(key) or b"")
