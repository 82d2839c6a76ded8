"""What a worker does: take a lot, hash and judge its items, commit their answers, begin again."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from django.db import transaction

from matching import spool
from matching.batches import leases
from matching.batches.asking import asked_of
from matching.batches.ending import end
from matching.batches.hashing import Asked, Hashing
from matching.fetching import FetcherBusy
from matching.hashing.sandbox import DecoderUnavailable
from matching.match import MatchingStopped, Outcome, match_several
from matching.models import Batch, BatchLot, ListsVersion, Verdict
from matching.partial import PartialIndexUnavailable
from matching.snapshot import IndexUnavailable
from tenants.acting import Acting, acting_as
from tenants.models import ApiKey

NOT_NOW: Final = (
    IndexUnavailable,
    PartialIndexUnavailable,
    MatchingStopped,
    DecoderUnavailable,
    FetcherBusy,
    ListsVersion.DoesNotExist,
)
"""What is no fault of an item: the lot is given back, and taken up again later."""

logger = logging.getLogger(__name__)


def work_on(*, batch: Batch, seconds: float) -> bool:
    """Work on lots of `batch` for about `seconds`; whether some may be left for another turn.

    Others may work on it at the same time. Raises nothing for an item's sake.
    """
    key = ApiKey.objects.select_related("tenant__plan").get(key_id=batch.key_id)
    until = time.monotonic() + seconds
    with acting_as(Acting(tenant=batch.tenant_id)), Hashing(enhance=batch.enhance) as hashing:
        turn = _Turn(batch, key, hashing)
        while time.monotonic() < until:
            if not turn.begin_one():
                if turn.finish_all():
                    end(batch)
                return False
            if not turn.finish_all(but=1):
                return False  # the sweeper asks again
        return turn.finish_all()


class _Turn:
    """Lots begun and not finished yet: while one is committed, the next is being hashed."""

    def __init__(self, batch: Batch, key: ApiKey, hashing: Hashing) -> None:
        self._batch, self._key, self._hashing = batch, key, hashing
        self._hearts = leases.Hearts()
        self._begun: deque[tuple[BatchLot, Iterator[Asked]]] = deque()

    def begin_one(self) -> bool:
        """Take a lot and have its items made ready; False when there is none."""
        lot = leases.take(self._batch)
        if lot is None:
            return False
        self._hearts.begin(lot)
        asked = asked_of(lot, self._batch, self._key, self._hashing, self._hearts)
        self._begun.append((lot, asked))
        return True

    def finish_all(self, *, but: int = 0) -> bool:
        """Answer what was begun, except the last few; False if it has to wait, given back."""
        while len(self._begun) > but:
            lot, asked = self._begun.popleft()
            is_done = _worked_on(lot, self._batch, self._key, asked)
            self._hearts.end(lot)
            if not is_done:
                self._give_back()
                return False
        return True

    def _give_back(self) -> None:
        for lot, _ in self._begun:
            leases.give_back(lot)
        self._begun.clear()


def _worked_on(lot: BatchLot, batch: Batch, key: ApiKey, asked: Iterable[Asked]) -> bool:
    try:
        _commit(lot, batch, key, list(asked))
    except leases.LeaseLost:
        logger.warning("lot %s of %s was taken over", lot.number, batch.public_id)
        return True
    except NOT_NOW as error:
        logger.warning("lot %s of %s waits: %s", lot.number, batch.public_id, error)
        leases.give_back(lot)
        return False
    spool.remove_lot(name=batch.public_id, number=lot.number)
    return True


def _commit(lot: BatchLot, batch: Batch, key: ApiKey, asked: list[Asked]) -> None:
    """Verdicts, audit event and results, together or not at all. Raises LeaseLost."""
    good = [item for item in asked if not isinstance(item, dict)]
    errors = [item for item in asked if isinstance(item, dict)]
    with transaction.atomic():
        outcomes = match_several(
            key=key,
            items=good,
            target=batch.public_id,
            failed=[error["name"] for error in errors],
        )
        answers = iter(outcomes)
        lot.results = [
            {"error": item} if isinstance(item, dict) else _named(next(answers)) for item in asked
        ]
        lot.matched = sum(o.submission.verdict == Verdict.MATCH for o in outcomes)
        lot.failed = len(errors)
        leases.finish(lot)


def _named(outcome: Outcome) -> dict[str, str]:
    return {"submission": outcome.submission.public_id}
