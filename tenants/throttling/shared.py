"""The limiter all workers share: one script on Redis or Valkey."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tenants.throttling.decision import (
    CONCURRENT,
    LEASE_SECONDS,
    Allowance,
    Ask,
    Decision,
    Month,
    Standing,
)
from tenants.throttling.local import Debt
from tenants.throttling.script import Script
from tenants.throttling.sender import Sender

TIMEOUT_SECONDS: Final = 0.05
ADMIT: Final = (Path(__file__).parent / "admit.lua").read_text("utf8")
SETTLE: Final = (Path(__file__).parent / "settle.lua").read_text("utf8")
REMIND: Final = """
if tonumber(redis.call('GET', KEYS[1]) or 0) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'EXAT', ARGV[2])
end
"""
MICROSECONDS: Final = 1_000_000
UNLIMITED = -1
TOO_MANY_AT_ONCE = 16
RETRY_SOON_SECONDS = 1.0
MONTHS = 5
FIRST_STANDING, STANDING_LENGTH = 5, 3


class SharedLimiter:
    """Counts on the server at `url` (`redis://`, `rediss://` or `unix://`), by its clock."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        # redis-py would try again three times with pauses of its own: a request can not wait so.
        self._redis = Redis.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        self._admit = Script(self._redis.connection_pool, ADMIT)
        self._sender = Sender(self._redis.connection_pool)

    def admit(self, ask: Ask, debts: Sequence[Debt]) -> Decision:
        """Decide on a call, after charging the `debts` of an outage, one for each account.

        Raises `redis.RedisError` when the server can not be reached in time.
        """
        months = _month_starts()
        answer = self._admit(
            keys=_keys(ask),
            args=[
                ask.cost,
                ask.units,
                UNLIMITED if ask.concurrent is None else ask.concurrent,
                ask.lease,
                int(LEASE_SECONDS * MICROSECONDS),
                MONTHS,
                *months,
                *_accounts(ask, debts),
            ],
        )
        return _decision(ask, [int(number) for number in answer.split()], months)

    def settle(self, ask: Ask, further: int) -> None:
        """The end of a call, and what it cost beyond the price of admission.

        The server is told and not waited for. Raises `redis.RedisError` when it can not be told.
        """
        if further:
            keys = _keys(ask)
            intervals = [_interval(allowance) for allowance in ask.allowances]
            self._sender.send("EVAL", SETTLE, len(keys), *keys, ask.lease, further, *intervals)
        elif ask.concurrent is not None:
            self._sender.send("ZREM", _name(ask), ask.lease)

    def close(self) -> None:
        """Hang up; a later call connects anew."""
        self._admit.close()
        self._sender.close()
        self._redis.close()

    def remind(self, bucket: str, units: int) -> None:
        """An account spent at least `units` this month. Raises `redis.RedisError`."""
        month_ends = next(start for start in _month_starts() if start > time.time())
        self._redis.eval(REMIND, 1, f"hs:limit:{{{bucket}}}:month", units, month_ends)


def _name(ask: Ask) -> str:
    """The calls that run. The braces put all keys of a call on one node of a cluster."""
    return f"hs:limit:{{{ask.name}}}"


def _keys(ask: Ask) -> list[str]:
    name = _name(ask)
    accounts = [name, *(f"{name}:{own.bucket}" for own in ask.allowances[1:])]
    return [name, *(f"{account}:{what}" for account in accounts for what in ("arrival", "month"))]


def _accounts(ask: Ask, debts: Sequence[Debt]) -> Iterator[float]:
    for allowance, debt in zip(ask.allowances, debts, strict=True):
        yield from (allowance.burst, _interval(allowance))
        yield UNLIMITED if allowance.quota is None else allowance.quota
        yield from (debt.units, debt.outstanding)
        yield from (int(debt.known_spent * MICROSECONDS), debt.known_used)


def _interval(allowance: Allowance) -> int:
    return max(1, round(allowance.interval * MICROSECONDS))  # whole: nothing to round later


def _decision(ask: Ask, answer: list[int], months: Sequence[int]) -> Decision:
    violated, wait, running, to_month_end, month_end = answer[:FIRST_STANDING]
    window = months[month_end - 1] - months[month_end - 2]
    standings = []
    for place, allowance in enumerate(ask.allowances):
        start = FIRST_STANDING + place * STANDING_LENGTH
        remaining, reset, month_left = answer[start : start + STANDING_LENGTH]
        quota = allowance.quota
        month = None if quota is None else Month(quota, window, month_left, to_month_end)
        standings.append(Standing(allowance, remaining, reset / MICROSECONDS, month))
    return Decision(
        standings=tuple(standings),
        violated=_violated(ask, violated),
        retry_after=wait / MICROSECONDS if wait else RETRY_SOON_SECONDS if violated else 0.0,
        concurrent=ask.concurrent,
        free=max((ask.concurrent or 0) - running, 0),
    )


def _violated(ask: Ask, bits: int) -> tuple[str, ...]:
    if not bits:
        return ()
    policies = {TOO_MANY_AT_ONCE: CONCURRENT}
    for place, allowance in enumerate(ask.allowances):
        policies[1 << 2 * place] = allowance.burst_policy
        policies[2 << 2 * place] = allowance.month_policy
    return tuple(policy for bit, policy in sorted(policies.items()) if bits & bit)


def _month_starts() -> tuple[int, ...]:
    """Starts of the months around now (UTC, epoch seconds), two before and two after.

    The server picks by its own clock: ours may be weeks off and changes nothing.
    """
    today = datetime.datetime.now(datetime.UTC)
    return _starts_around(today.year * 12 + today.month - 1)


@lru_cache(maxsize=4)
def _starts_around(month: int) -> tuple[int, ...]:
    months = (month + offset for offset in range(-(MONTHS // 2), MONTHS // 2 + 1))
    return tuple(
        int(datetime.datetime(month // 12, month % 12 + 1, 1, tzinfo=datetime.UTC).timestamp())
        for month in months
    )
