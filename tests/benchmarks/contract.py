"""Is the API what its description says? `python -m tests.benchmarks.contract --examples 200`.

Schemathesis, with all its checks, against a running service of its own, once with a key of every
scope and once with keys of few. Ends with the number of runs that found something.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from tests.benchmarks.installation import Installation, installation

CONFIGURATION = Path(__file__).with_name("contract.toml")
# A run that ends the key it asks with is told 401 from there on: those operations run apart.
ENDS_KEYS = ("revoke_key", "rotate_key")
KEYS = {
    "everything": [word for name in ENDS_KEYS for word in ("--exclude-operation-id", name)],
    "keys": [word for name in ENDS_KEYS for word in ("--include-operation-id", name)],
    "match": [],
    "audit:read": [],
}
PLENTY = "1000000000"  # refusals are what is tested here, not how many of them are let through
PHASES = "examples,coverage,fuzzing,stateful"


def check(url: str, secret: str, *, examples: int, more: list[str]) -> int:
    """The status of one run over the whole API; what it found is printed."""
    program = Path(sys.executable).with_name("schemathesis")
    command = [
        *(str(program), "--config-file", str(CONFIGURATION), "run", f"{url}/v1/openapi.json"),
        *("--header", f"Authorization: Bearer {secret}", "--header", "Connection: close"),
        *("--checks", "all", "--phases", PHASES, "--max-examples", str(examples)),
        *("--continue-on-failure", "--suppress-health-check", "all"),
        *more,
    ]
    with tempfile.TemporaryDirectory() as folder:  # it keeps what it found in its folder
        return subprocess.run(command, cwd=folder, check=False).returncode


def secrets_of(installed: Installation) -> list[str]:
    """A key for each of KEYS, all of one tenant that no limit stands in the way of."""
    return installed.run("tests.benchmarks.contract_keys", *KEYS).split()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="at most, for an operation")
    parser.add_argument("--keys", type=int, default=len(KEYS), help="how many of the keys to use")
    arguments, more = parser.parse_known_args()
    found = 0
    with (
        patch.dict(os.environ, {"FAILED_AUTHENTICATIONS_PER_MINUTE": PLENTY}),
        installation(workers=2) as installed,
        installed.serving(),
    ):
        url = f"http://127.0.0.1:{installed.port}"
        for name, secret in zip(KEYS, secrets_of(installed)[: arguments.keys], strict=False):
            print(f"=== with a key for {name}", flush=True)
            found += check(url, secret, examples=arguments.examples, more=[*KEYS[name], *more]) != 0
    print(f"{found} runs found something")
    return found


if __name__ == "__main__":
    sys.exit(main())
