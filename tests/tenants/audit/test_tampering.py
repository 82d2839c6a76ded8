"""The nine ways to tamper with a log, and smaller frauds with a report: each is found."""

from __future__ import annotations

import pytest

from tenants.audit.verify import Tampered, Unverifiable, verify_report
from tests.tenants.audit.reports import KNOWN, OTHER_KEY, SIZE, Log, hashed


def found(records, log, **known):
    """What the verifier says is wrong, and from which sequence on."""
    with pytest.raises(Tampered) as caught:
        verify_report(records, key=log.public_key(), **known)
    return caught.value.kind, caught.value.sequence


# --- Against one checkpoint from earlier ---


@pytest.mark.parametrize("name", ["at", "actor", "action", "target", "data"])
def test_edited_field_is_found(log, name):
    records = log.report()
    records[1 + 17][name] = "changed"

    assert found(records, log) == ("altered", 17)


def test_deletion_from_the_middle_is_found(log):
    records = log.report()
    del records[1 + 17]

    assert found(records, log) == ("missing", 17)


def test_deletion_of_the_tail_is_found(log):
    records = log.report()
    del records[1 + 25 : -1]

    assert found(records, log) == ("missing", 25)


def test_deletion_of_the_tail_that_was_signed_anew_is_found(log):
    cut = log.copy()
    del cut.rows[25:]

    assert found(cut.report(), log, checkpoints=[log.checkpoint(KNOWN)]) == ("missing", 25)


def test_insertion_is_found(log):
    records = log.report()
    records.insert(1 + 17, dict(records[1 + 17]))

    assert found(records, log) == ("misplaced", 18)


def test_renumbered_insertion_is_found(log):
    forged = log.copy()
    forged.rows.insert(17, hashed({**log.rows[3], "sequence": 17}))
    for sequence, row in enumerate(forged.rows):
        row["sequence"] = sequence

    assert found(forged.report(), log)[1] == 17


def test_reordering_is_found(log):
    records = log.report()
    records[1 + 17], records[1 + 18] = records[1 + 18], records[1 + 17]

    assert found(records, log) == ("missing", 17)


def test_renumbered_reordering_is_found(log):
    records = log.report()
    one, other = records[1 + 17], records[1 + 18]
    one["sequence"], other["sequence"] = 18, 17
    records[1 + 17], records[1 + 18] = other, one

    assert found(records, log) == ("altered", 17)


def test_event_of_another_tenant_is_found(log):
    records, rival = log.report(), Log.of(SIZE, "ten_rival")
    records[1 + 17] = dict(rival.rows[17])

    assert found(records, log) == ("foreign", 17)


def test_log_of_another_tenant_is_found(log):
    rival = Log.of(SIZE, "ten_rival")

    assert found(rival.report(), log) == ("foreign", 0)


@pytest.mark.parametrize("changed", [0, 17, 29])
def test_rewritten_log_is_found(log, changed):
    """With all hashes fitting again. The place is between the last size that agrees and the next:
    the more checkpoints are kept, the narrower."""
    rewritten = log.copy()
    rewritten.rows[changed]["action"] = "key.issued"
    rewritten.rehash()
    notes = [log.checkpoint(size) for size in (10, 17, KNOWN)]

    assert found(rewritten.report(), log, checkpoints=[log.checkpoint(KNOWN)]) == ("rewritten", 0)
    expected = max(size for size in (0, 10, 17) if size <= changed)
    assert found(rewritten.report(), log, checkpoints=notes) == ("rewritten", expected)


@pytest.mark.parametrize("tampering", ["delete", "insert", "reorder"])
def test_rewriting_hides_no_other_tampering(log, tampering):
    forged = log.copy()
    if tampering == "delete":
        del forged.rows[17]
    elif tampering == "insert":
        forged.rows.insert(17, dict(forged.rows[3]))
    else:
        forged.rows[17], forged.rows[18] = forged.rows[18], forged.rows[17]
    forged.rehash()
    known = [log.checkpoint(17), log.checkpoint(KNOWN)]

    assert found(forged.report(), log, checkpoints=known) == ("rewritten", 17)


def test_other_key_is_found(log):
    forged = log.copy()
    forged.key = OTHER_KEY

    assert found(forged.report(), log, checkpoints=[log.checkpoint(KNOWN)]) == ("key", KNOWN)


def test_rollback_to_an_old_backup_is_found(log):
    backup = Log.of(25)

    assert found(backup.report(), log, checkpoints=[log.checkpoint(KNOWN)]) == ("missing", 25)


def test_rollback_that_grew_again_is_found(log):
    backup = Log.of(25)
    backup.append(20)
    for row in backup.rows[25:]:
        row["target"] = "another history"
    backup.rehash()
    known = [log.checkpoint(25), log.checkpoint(KNOWN)]

    assert found(backup.report(), log, checkpoints=known) == ("rewritten", 25)


# --- With the file itself ---


def test_missing_checkpoint_is_found(log):
    assert found(log.report()[:-1], log) == ("missing", SIZE)


def test_anything_after_the_checkpoint_is_found(log):
    assert found([*log.report(), dict(log.rows[0])], log) == ("misplaced", SIZE)


def test_content_is_not_withheld_from_a_whole_report(log):
    records = log.report()
    records[1 + 17] = {"sequence": 17, "leaf_hash": log.rows[17]["leaf_hash"]}

    assert found(records, log) == ("missing", 17)


def test_part_does_not_pass_for_the_whole(log):
    records = log.report(5, 30)
    records[0]["report"].update({"from": None})
    assert found(records, log) == ("missing", 0)

    records = log.report(0, 30)
    records[0]["report"].update({"from": None, "to": None})
    assert found(records, log) == ("missing", 30)


def test_wrong_hashes_around_a_part_are_found(log):
    records = log.report(5, 30)
    records[-1]["checkpoint"]["after"].pop()
    assert found(records, log) == ("missing", 30)

    records = log.report(5, 30)
    records[0]["report"]["before"][0] = "00" * 32
    assert found(records, log) == ("rewritten", 0)


def test_false_consistency_proof_is_found(log):
    early = log.report()
    other = log.copy()
    other.rows[3]["action"] = "key.issued"
    other.append(9)
    other.rehash()
    known = {
        "checkpoints": [other.checkpoint()],
        "consistency": [other.consistency(SIZE, SIZE + 9)],
    }

    assert found(early, log, **known) == ("rewritten", SIZE)


def test_checkpoint_of_another_log_is_no_evidence(log):
    rival = Log.of(SIZE, "ten_rival")

    with pytest.raises(Unverifiable):
        verify_report(log.report(), key=log.public_key(), checkpoints=[rival.checkpoint()])
