"""How fast curators page through millions of entries: `python -m tests.benchmarks.workbench`.

On a PostgreSQL of its own. Wall time of whole pages: sign-in, rows, HTML and audit row.
"""

from __future__ import annotations

import argparse
import os

from tests.benchmarks.installation import installation


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.workbench")
    parser.add_argument("--entries", type=lambda text: int(float(text)), default=5_000_000)
    options = parser.parse_args()
    os.environ["REQUIRE_MFA"] = "0"  # its curators have no second factor
    with installation(workers=1) as installed:
        arguments = ("--entries", str(options.entries))
        print(installed.run("tests.benchmarks.pages", *arguments), end="")


if __name__ == "__main__":
    main()
