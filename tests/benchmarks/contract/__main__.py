"""Is the API what its description says? `python -m tests.benchmarks.contract --examples 200`.

Schemathesis, with all its checks, against a running service of its own: with a key of every scope
and ids of objects that are there, apart from the operations that end keys and webhooks, and with
keys of few scopes. Told is what every operation answered. Ends with the number of runs that found
something.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from unittest.mock import patch

from tests.benchmarks.installation import Installation, installation

CONFIGURATION = Path(__file__).with_name("contract.toml")
PROJECT = Path(__file__).resolve().parents[3]
# A run that ends the key it asks with is told 401 from there on, and 404 for what it removed.
ENDS = ("revoke_key", "rotate_key", "remove_webhook")
PLENTY = "1000000000"  # refusals are what is tested here, not how many of them are let through
LOOPBACK = "127.0.0.0/8"
BEYOND = [*ip_network("0.0.0.0/0").address_exclude(ip_network(LOOPBACK)), ip_network("::/0")]
ENVIRONMENT = {
    "FAILED_AUTHENTICATIONS_PER_MINUTE": PLENTY,
    "OUTGOING_ALLOWED_NETWORKS": LOOPBACK,
    "OUTGOING_DENIED_NETWORKS": ",".join(map(str, BEYOND)),
}
PHASES = "examples,coverage,fuzzing,stateful"
SECONDS_TO_ANSWER = "60"
FEW = 10


@dataclass(frozen=True)
class Run:
    """Operations, and the scopes of the key they are asked with."""

    scopes: str
    selection: Sequence[str] = ()
    examples: int | None = None  # as many as are asked for


RUNS = (
    Run("everything", [word for name in ENDS for word in ("--exclude-operation-id", name)]),
    Run("match", examples=FEW),
    Run("audit:read", examples=FEW),
    Run("keys webhooks", [word for name in ENDS for word in ("--include-operation-id", name)]),
)


def check(
    url: str, secret: str, configuration: str, *, examples: int, more: Sequence[str]
) -> tuple[int, dict[str, dict[str, int]]]:
    """The status of one run, and what each operation answered; what it found is printed."""
    program = Path(sys.executable).with_name("schemathesis")
    with tempfile.TemporaryDirectory() as folder:  # it keeps what it found in its folder
        file, answers = Path(folder, "contract.toml"), Path(folder, "answers.json")
        file.write_text(configuration, "utf8")
        command = [
            *(str(program), "--config-file", str(file), "run", f"{url}/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {secret}", "--header", "Connection: close"),
            *("--checks", "all", "--phases", PHASES, "--max-examples", str(examples)),
            *("--request-timeout", SECONDS_TO_ANSWER, "--max-response-time", SECONDS_TO_ANSWER),
            *("--continue-on-failure", "--suppress-health-check", "all"),
            *more,
        ]
        hooks = {"SCHEMATHESIS_HOOKS": "tests.benchmarks.contract.hooks"}
        paths = {"PYTHONPATH": str(PROJECT), "CONTRACT_ANSWERS": str(answers)}
        environment = {**os.environ, **hooks, **paths}
        status = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
        return status, json.loads(answers.read_text("utf8"))


def configuration_with(words: Mapping[str, Sequence[str]]) -> str:
    """The configuration, and the values it speaks of: JSON's lists of ASCII are TOML's as well."""
    tables = [
        f"[dictionaries.{name}]\nvalues = {json.dumps(values)}\n" for name, values in words.items()
    ]
    return "\n".join([CONFIGURATION.read_text("utf8"), *tables])


def cast_of(installed: Installation) -> tuple[list[str], dict[str, list[str]]]:
    """A key for each of RUNS, all of one tenant that no limit stands in the way of, and its ids."""
    scopes = [run.scopes for run in RUNS]
    told = json.loads(installed.run("tests.benchmarks.contract.cast", *scopes).splitlines()[-1])
    return told["secrets"], told["words"]


def tell(answers: Mapping[str, Mapping[str, int]]) -> None:
    """A line for each operation: how many answers of each status."""
    for operation, statuses in sorted(answers.items(), key=lambda item: item[0].split()[::-1]):
        told = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
        print(f"{sum(statuses.values()):7} {operation:55} {told}")
    print(f"{sum(sum(statuses.values()) for statuses in answers.values()):7} answers", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="at most, for an operation")
    parser.add_argument("--runs", type=int, default=len(RUNS), help="how many of the runs to make")
    arguments, more = parser.parse_known_args()
    found = 0
    with (
        patch.dict(os.environ, ENVIRONMENT),
        installation(workers=2) as installed,
        installed.serving(),
    ):
        secrets, words = cast_of(installed)
        url, configuration = f"http://127.0.0.1:{installed.port}", configuration_with(words)
        for run, secret in list(zip(RUNS, secrets, strict=True))[: arguments.runs]:
            print(f"=== with a key for {run.scopes}", flush=True)
            examples = run.examples or arguments.examples
            status, answers = check(
                url, secret, configuration, examples=examples, more=[*run.selection, *more]
            )
            tell(answers)
            found += status != 0
    print(f"{found} runs found something")
    return found


if __name__ == "__main__":
    sys.exit(main())
