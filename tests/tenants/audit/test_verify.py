"""The stand-alone verifier: what it calls whole, and what it can not know."""

from __future__ import annotations

import pytest

from tenants.audit import verify
from tenants.audit.verify import Unverifiable, verify_report
from tests.tenants.audit.reports import KNOWN, SIZE, Log


def test_whole_log_is_whole(log):
    whole = verify_report(log.report(), key=log.public_key(), checkpoints=[log.checkpoint(KNOWN)])

    assert (whole.first, whole.end, whole.size, whole.agreeing) == (0, SIZE, SIZE, 1)


@pytest.mark.parametrize("first", [0, 1, 16, 29, 30, 40])
@pytest.mark.parametrize("end", [40, 39, 32])
def test_part_of_a_log_is_whole(log, first, end):
    records = log.report(min(first, end), end)

    assert verify_report(records, key=log.public_key()).end == end


def test_every_earlier_checkpoint_agrees(log):
    notes = [log.checkpoint(size) for size in range(SIZE + 1)]

    assert verify_report(log.report(), key=log.public_key(), checkpoints=notes).agreeing == SIZE + 1


def test_later_checkpoint_agrees_by_a_consistency_proof(log):
    early = log.report()
    log.append(9)
    later, proof = log.checkpoint(), log.consistency(SIZE, SIZE + 9)

    whole = verify_report(early, key=log.public_key(), checkpoints=[later], consistency=[proof])

    assert whole.agreeing == 1


def test_checkpoint_beside_the_period_agrees_by_a_consistency_proof(log):
    early, proof = log.checkpoint(10), log.consistency(10, SIZE)
    known = {"key": log.public_key(), "checkpoints": [early]}

    assert verify_report(log.report(20), consistency=[proof], **known).agreeing == 1
    with pytest.raises(Unverifiable, match="from_size=10&to_size=40"):
        verify_report(log.report(20), **known)


def test_without_an_earlier_checkpoint_cut_and_rewritten_logs_pass(log):
    cut, rewritten = Log.of(25), log.copy()
    rewritten.rows[3]["action"] = "key.issued"
    rewritten.rehash()

    for forged in (cut, rewritten):
        assert verify_report(forged.report(), key=log.public_key()).agreeing == 0
    for word in ("newest", "rewritten", "backup"):
        assert word in verify.WITHOUT_CHECKPOINT
