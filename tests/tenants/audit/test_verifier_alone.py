"""The verifier as the one file that an auditor copies."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from matching import receipts
from tenants.audit import verify
from tests.tenants.audit.reports import KNOWN, Log


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
