"""Refused keys by the clock: `python -m tests.benchmarks.refusals` on a quiet machine.

Keys that open nothing are shown to `serve` over one connection, their kinds in random order, and
the times of the answers compared: medians with confidence intervals by bootstrap, and a rank test
of every kind against a good key's id with a wrong secret. The clock must not tell whoever holds no
secret which ids exist, nor whoever holds one what became of it. A wrong checksum or no key at all
is told apart by anybody without asking, for the checksum is public; these are shown for
comparison. Wrong secrets of other good keys tell what the method itself takes for a difference.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import string
import time
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from unittest.mock import patch

import numpy as np

from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.keys.office import OWN_KEY, Key, Office
from tests.benchmarks.load import HOST, connect, exchange
from tests.benchmarks.ranks import Times, apart, holm, median_interval

PLENTY = "1000000000"
KEYS_OF_A_KIND = 20
WARM_UP = 50  # answers of each kind
MATCH = "/v1/match"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
YARDSTICK, ITS_TWIN = "wrong secret", "wrong secret of other keys"
PUBLIC = ("wrong checksum", "no key")  # anybody can tell these without asking
Tokens = Mapping[str, Sequence[str]]


def tokens_that_open_nothing(installed: Installation) -> Tokens:
    """`KEYS_OF_A_KIND` of every kind, each with a good checksum but for those that are `PUBLIC`."""
    office = _office(installed, "Keys")
    closed = _office(installed, "Closed")
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=20)
    expired = _issued(office, expires_at=soon.isoformat())
    good, others = _issued(office), _issued(office)
    revoked, late = _issued(office), _issued(closed)
    for key in revoked:
        office.revoke(key)
    _deactivate(installed, late[0])
    early = _issued(office, not_before="2100-01-01T00:00:00Z")
    elsewhere = _issued(office, allowed_networks=["203.0.113.0/24"])
    time.sleep(max(0.0, (soon - datetime.datetime.now(datetime.UTC)).total_seconds()) + 1)
    return {
        YARDSTICK: [_guessed(key.id) for key in good],
        ITS_TWIN: [_guessed(key.id) for key in others],
        "unknown id": [_guessed(_random(12)) for _ in range(KEYS_OF_A_KIND)],
        "wrong secret of a revoked key": [_guessed(key.id) for key in revoked],
        "wrong secret of an inactive tenant": [_guessed(key.id) for key in late],
        "revoked": [key.secret for key in revoked],
        "expired": [key.secret for key in expired],
        "not yet valid": [key.secret for key in early],
        "wrong network": [key.secret for key in elsewhere],
        "inactive tenant": [key.secret for key in late],
        "wrong checksum": [_guessed(key.id)[:-1] + "-" for key in good],
        "no key": [""],
    }


def _office(installed: Installation, tenant: str) -> Office:
    made = installed.run("manage", "create_tenant", tenant, "--plan", "unlimited", "--json")
    return Office(installed.port, json.loads(made)["secret"])


def _issued(office: Office, **terms: object) -> list[Key]:
    return [office.issue(**terms) for _ in range(KEYS_OF_A_KIND)]


def _deactivate(installed: Installation, key: Key) -> None:
    with installed.rows() as connection:
        connection.execute(
            "UPDATE tenants_tenant SET is_active = false"
            " WHERE id = (SELECT tenant_id FROM tenants_apikey WHERE key_id = %s)",
            [key.id],
        )


def _guessed(key_id: str) -> str:
    """A key of that id with a secret nobody was given, as the README describes the format."""
    body = f"hs_live_{key_id}_{_random(43)}"
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return body + digits


def _random(length: int) -> str:
    return "".join(random.choices(BASE62, k=length))


def timed(port: int, tokens: Tokens, each: int, path: str) -> tuple[dict[str, Times], set[str]]:
    """Microseconds of every answer by kind, and the answers but for their request ids."""
    order = list(tokens) * each
    random.shuffle(order)
    times, told = defaultdict(list), set()
    connection = connect(port)
    for kind in order:
        request = _request(random.choice(tokens[kind]), path)
        began = time.perf_counter()
        status, body = exchange(connection, request)
        times[kind].append((time.perf_counter() - began) * 1e6)
        told.add(f"{status} {_without_id(body)}")
    connection.close()
    return {kind: np.array(times[kind]) for kind in tokens}, told


def _request(token: str, path: str) -> bytes:
    shown = f"Authorization: Bearer {token}\r\n" if token else ""
    if path == OWN_KEY:
        return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{shown}\r\n".encode()
    body = "Content-Type: image/jpeg\r\nContent-Length: 1\r\n\r\nx"
    return f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{shown}{body}".encode()


def _without_id(body: bytes) -> str:
    told = json.loads(body)
    told.pop("request_id")
    return json.dumps(told, sort_keys=True)


def report(times: Mapping[str, Times]) -> None:
    drawn = np.random.default_rng(4)
    compared = [kind for kind in times if kind not in (YARDSTICK, *PUBLIC)]
    found = {kind: apart(times[YARDSTICK], times[kind], drawn) for kind in times}
    corrected = dict(zip(compared, holm([found[kind].p for kind in compared]), strict=True))
    print(f"{'microseconds':<36}{'median':>8}{'95 %':>17}{'apart':>8}{'95 %':>16}", end="")
    print(f"{'longer':>8}{'p (Holm)':>10}")
    for kind, taken in times.items():
        low, high = median_interval(taken, drawn)
        other, p = found[kind], corrected.get(kind)
        print(
            f"{kind:<36}{np.median(taken):>8.0f}{f'{low:.0f} to {high:.0f}':>17}"
            f"{other.median:>+8.1f}{f'{other.low:+.1f} to {other.high:+.1f}':>16}"
            f"{other.longer:>8.3f}" + ("" if p is None else f"{p:>10.2g}")
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=2_000, help="answers of every kind")
    parser.add_argument("--path", choices=(OWN_KEY, MATCH), default=OWN_KEY, help="what is asked")
    arguments = parser.parse_args()
    with (
        patch.dict(os.environ, {"FAILED_AUTHENTICATIONS_PER_MINUTE": PLENTY}),
        installation(workers=1) as installed,
        installed.serving(),
    ):
        tokens = tokens_that_open_nothing(installed)
        timed(installed.port, tokens, WARM_UP, arguments.path)
        times, told = timed(installed.port, tokens, arguments.each, arguments.path)
    print(f"{sum(map(len, times.values()))} refusals, {len(told)} body: {' | '.join(sorted(told))}")
    report(times)


if __name__ == "__main__":
    main()
