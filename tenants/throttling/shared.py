"""The limiter all workers share: one script on Redis or Valkey."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tenants.throttling.decision import Allowance, Decision, Month
from tenants.throttling.local import Debt

TIMEOUT_SECONDS: Final = 0.05
SCRIPT: Final = (Path(__file__).parent / "admit.lua").read_text("utf8")
MICROSECONDS: Final = 1_000_000
NO_QUOTA, NO_MONTH = -1, -2
ADMITTED, BURST_SPENT, MONTH_SPENT = range(3)


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
        self._script = self._redis.register_script(SCRIPT)

    def admit(self, allowance: Allowance, cost: int, debt: Debt) -> Decision:
        """Decide on a call of `cost`, after charging the `debt` of an outage.

        Raises `redis.RedisError` when the server can not be reached in time.
        """
        # The braces put both keys of a bucket on one node of a cluster.
        name = f"hs:limit:{{{allowance.bucket}}}"
        months = _month_starts()
        answer = self._script(
            keys=[f"{name}:arrival", f"{name}:month"],
            args=[
                cost,
                allowance.burst,
                max(1, round(allowance.interval * MICROSECONDS)),  # whole: nothing to round later
                _quota(allowance),
                debt.calls,
                debt.outstanding,
                *months,
            ],
        )
        return _decision(allowance, [int(number) for number in answer], months)


def _quota(allowance: Allowance) -> int:
    if allowance.quota is not None:
        return allowance.quota
    return NO_QUOTA if allowance.by_month else NO_MONTH


def _decision(allowance: Allowance, answer: list[int], months: list[int]) -> Decision:
    verdict, remaining, reset, retry, month_left, to_month_end, month_end = answer
    month = None
    if allowance.quota is not None:
        window = months[month_end - 1] - months[month_end - 2]
        month = Month(allowance.quota, window, month_left, to_month_end)
    return Decision(
        allowed=verdict == ADMITTED,
        limit=allowance.burst,
        window_seconds=allowance.window_seconds,
        remaining=remaining,
        reset_after=reset / MICROSECONDS,
        retry_after=retry / MICROSECONDS,
        month=month,
        quota_exceeded=verdict == MONTH_SPENT,
    )


def _month_starts() -> list[int]:
    """Starts of the months around now (UTC, epoch seconds), two before and two after.

    The server picks by its own clock: ours may be weeks off and changes nothing.
    """
    today = datetime.datetime.now(datetime.UTC)
    months = (today.year * 12 + today.month - 1 + offset for offset in range(-2, 3))
    return [
        int(datetime.datetime(month // 12, month % 12 + 1, 1, tzinfo=datetime.UTC).timestamp())
        for month in months
    ]
