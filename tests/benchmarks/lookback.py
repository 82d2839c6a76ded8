"""How fast new entries are held against a day's retained hashes, with all rows in a database.

    python -m tests.benchmarks.lookback --retained 1e6 --entries 1e4

Each retained row has the eight turns of a picture, as images leave them; some lie near a new entry
and have to be found, written and told. The run is the one that the worker makes.
"""

from __future__ import annotations

import argparse

from tests.benchmarks.filled import fill
from tests.benchmarks.installation import installation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--retained", type=float, default=1e6)
    parser.add_argument("--entries", type=float, default=1e4)
    options = parser.parse_args()
    with installation(workers=1) as installed:
        fill(installed, entries=int(options.entries))
        print(installed.run("tests.benchmarks.retaining", str(int(options.retained))), end="")


if __name__ == "__main__":
    main()
