"""Our audit log before other people's programs, which share no line with it.

    python3.12 -m venv OTHERS
    OTHERS/bin/pip install aics-witness sigstore pymerkle
    python -m tests.benchmarks.others --venv OTHERS

An installation of its own gets a log and a foreign witness (`aics-witness`, C2SP tlog-witness), who
cosigns only what it has verified. The answers of the API then go to `judges.py`, which runs among
the others and imports nothing of ours. None of these packages is needed for anything else, so the
lock file does not name them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from hashservice.supervisor import answers
from tests.benchmarks.installation import Installation, free_port, installation

JUDGES = Path(__file__).with_name("judges.py")
NAME = "witness.example.org/hashservice"


def measure(venv: Path, folder: Path) -> int:
    """Status of the judges: 0 when they agree to everything, and refuse what was altered."""
    with installation(workers=1) as installed:
        log = json.loads(installed.run("tests.benchmarks.others.log"))
        with witness(venv / "bin" / "aics-witness", folder, log["origin"], log["key"]) as found:
            told = answered(installed, log["secret"], *found)
    kept = folder / "answers.json"
    kept.write_text(told, "utf8")
    return subprocess.run([venv / "bin" / "python", JUDGES, kept], check=False).returncode


@contextmanager
def witness(program: Path, folder: Path, origin: str, key: str) -> Iterator[tuple[str, str]]:
    """Its address and its public key, while it runs and knows the log."""
    port, config = free_port(), ["--config", str(folder / "witness.json")]
    made = subprocess.run(
        [program, "init", *config, "--name", NAME], stdout=subprocess.PIPE, text=True, check=True
    )
    subprocess.run([program, "add-log", *config, "--origin", origin, "--vkey", key], check=True)
    process = subprocess.Popen([program, "serve", *config, "--listen", f"127.0.0.1:{port}"])
    try:
        while not answers("127.0.0.1", port, "/healthz"):
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", made.stdout.split()[-1]
    finally:
        process.terminate()
        process.wait()


def answered(installed: Installation, secret: str, url: str, key: str) -> str:
    """What the API answers about a log that the witness watches."""
    told = {
        "AUDIT_WITNESS_URL": url,
        "AUDIT_WITNESS_KEY": key,
        "OUTGOING_HTTP": "1",
        "OUTGOING_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    with patch.dict(os.environ, told):
        return installed.run("tests.benchmarks.others.answers", secret)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--venv", type=Path, required=True, help="where the others are installed")
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(measure(parser.parse_args().venv, Path(folder)))
