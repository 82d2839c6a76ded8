"""The stand-alone verifier: what it proves, what it finds, what it can not know."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from matching import receipts
from tenants.audit import verify
from tenants.audit.verify import Tampered, Unverifiable, verify_report
from tests.tenants.audit.reports import OTHER_KEY, Log, hashed

SIZE, KNOWN = 40, 30


@pytest.fixture
def log():
    return Log.of(SIZE)


def found(records, log, **known):
    """What the verifier says is wrong, and from which sequence on."""
    with pytest.raises(Tampered) as caught:
        verify_report(records, key=log.public_key(), **known)
    return caught.value.kind, caught.value.sequence


# --- What is whole ---


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


# --- The nine ways to tamper, against one checkpoint from earlier ---


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


# --- Smaller frauds with the file itself ---


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


# --- What can not be found, and is said ---


def test_without_an_earlier_checkpoint_cut_and_rewritten_logs_pass(log):
    cut, rewritten = Log.of(25), log.copy()
    rewritten.rows[3]["action"] = "key.issued"
    rewritten.rehash()

    for forged in (cut, rewritten):
        assert verify_report(forged.report(), key=log.public_key()).agreeing == 0
    for word in ("newest", "rewritten", "backup"):
        assert word in verify.WITHOUT_CHECKPOINT


# --- Signed notes ---

# From the documentation and tests of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.
"""
SIGNATURE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_note_of_the_go_implementation_is_read():
    assert verify.signed_text(f"{TEXT}\n{SIGNATURE}\n", PETER) == TEXT


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        f"{TEXT}\n— PeterNeumann AAAA\n",
        f"{TEXT}\n— PeterNeumann not base64\n",
        f"{TEXT}more\n\n{SIGNATURE}\n",
        f"{TEXT}\n{SIGNATURE.replace('PeterNeumann', 'EnochRoot')}\n",
    ],
)
def test_note_without_a_good_signature_is_refused(note):
    with pytest.raises(Unverifiable):
        verify.signed_text(note, PETER)


def test_signatures_of_others_do_not_matter():
    assert verify.signed_text(f"{TEXT}\n— EnochRoot AAAA\n{SIGNATURE}\n", PETER) == TEXT


@pytest.mark.parametrize("key", ["", "name+00000000", PETER.replace("c74f", "c74e"), "a+b+c"])
def test_damaged_key_is_refused(key):
    with pytest.raises(Unverifiable):
        verify.read_key(key)


# --- Receipts ---


def test_receipt_is_verified_with_the_published_keys():
    receipt = receipts.sign({"verdict": "match", "submission_id": "sub_1"})

    assert verify.verify_receipt(receipt, receipts.public_keys())["verdict"] == "match"


def test_changed_receipt_is_refused():
    body, _, signature = receipts.sign({"verdict": "match"}).partition(".")
    other, _, _ = receipts.sign({"verdict": "no_known_match"}).partition(".")

    with pytest.raises(Tampered):
        verify.verify_receipt(f"{other}.{signature}", receipts.public_keys())
    with pytest.raises(Tampered):
        verify.verify_receipt(f"{body}.{signature}", [])


# --- The file by itself ---


@pytest.fixture
def alone(tmp_path):
    """The one file in an empty folder, where hashservice and Django are not to be had."""
    shutil.copy(verify.__file__, tmp_path / "verify_audit.py")

    def run(*arguments):
        blocked = "import sys; sys.modules.update(django=None, tenants=None, matching=None);"
        start = f"{blocked} import runpy; runpy.run_path('verify_audit.py', run_name='__main__')"
        return subprocess.run(
            [sys.executable, "-I", "-c", start, *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def written(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf8")
    return path


@pytest.mark.slow
def test_one_file_is_enough(alone, tmp_path, log):
    report = written(tmp_path / "report.jsonl", log.report())
    notes = tmp_path / "checkpoints.txt"
    notes.write_text(f"{log.checkpoint(10)}\n{log.checkpoint(KNOWN)}", "utf8")

    done = alone("log", report, "--key", log.public_key(), "--checkpoint", notes)

    assert (done.returncode, done.stderr) == (0, "")
    assert "40 events from sequence 0 on are whole" in done.stdout
    assert "agreeing checkpoints from earlier: 2" in done.stdout


@pytest.mark.slow
def test_status_and_text_tell_what_is_wrong(alone, tmp_path, log):
    records = log.report()
    records[1 + 17]["action"] = "key.issued"
    damaged = written(tmp_path / "report.jsonl", records)
    other = written(tmp_path / "other.jsonl", [{"no": "report"}])

    tampered = alone("log", damaged, "--key", log.public_key())
    unclear = alone("log", other, "--key", log.public_key())

    assert (tampered.returncode, unclear.returncode) == (1, 2)
    assert "sequence 17" in tampered.stdout


@pytest.mark.slow
def test_command_says_what_it_could_not_exclude(alone, tmp_path, log):
    report = written(tmp_path / "report.jsonl", log.report())

    assert verify.WITHOUT_CHECKPOINT in alone("log", report, "--key", log.public_key()).stdout


@pytest.mark.slow
def test_event_and_receipt_are_verified_by_the_file_too(alone, tmp_path, log):
    path = [log.node(0, 1).hex(), log.node(1, 1).hex()]
    small = Log.of(4)
    event = written(tmp_path / "event.json", [small.rows[0]])
    proof = written(
        tmp_path / "proof.json", [{"audit_path": path, "checkpoint": small.checkpoint()}]
    )
    receipt = tmp_path / "receipt"
    receipt.write_text(receipts.sign({"verdict": "match"}), "utf8")
    keys = written(tmp_path / "keys.json", [{"keys": receipts.public_keys()}])

    of_event = alone("event", event, proof, "--key", small.public_key())
    of_receipt = alone("receipt", receipt, "--keys", keys)

    assert (of_event.returncode, of_receipt.returncode) == (0, 0)
    assert '"verdict": "match"' in of_receipt.stdout
