"""How fast the audit log is sealed, proven, exported and verified.

    python -m tests.benchmarks.audit --events 1e6

On a PostgreSQL of its own. The export goes on while others write; what it holds is counted again
from the database. Last comes the seal lag: from an event's own time to the commit of its seal, at
500 events a second over 4 connections, with the sealer's own pause between two turns.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from tests.benchmarks.installation import installation


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--seconds", type=int, default=30, help="of writing for the seal lag")
    options = parser.parse_args()
    program = [sys.executable, "-m", "tests.benchmarks.audit.measures"]
    with installation(workers=1) as installed:
        subprocess.run(
            [*program, str(options.events), str(options.seconds)],
            env=installed.environment(),
            check=True,
        )


if __name__ == "__main__":
    main()
