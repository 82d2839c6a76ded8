"""How fast new entries are held against retained hashes: `python -m tests.benchmarks.lookback`.

The comparison alone, in memory, on random hashes: without reading rows or writing matches.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from matching.index import BulkIndex

LOT = 20_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--retained", type=float, default=1e6)
    parser.add_argument("--entries", type=float, default=1e4)
    options = parser.parse_args()
    chance = np.random.default_rng(1)
    index = BulkIndex(chance.integers(0, 256, (int(options.entries), 32), np.uint8))
    lot = chance.integers(0, 256, (LOT, 32), np.uint8)
    index.hits(lot[:10])
    lots = max(1, round(options.retained / LOT))
    began = time.perf_counter()
    for _ in range(lots):
        index.hits(lot)
    seconds = time.perf_counter() - began
    rate = lots * LOT * len(index) / seconds / 1e6
    print(f"{lots * LOT:,} retained x {len(index):,} new: {seconds:.1f} s, {rate:,.0f} M pairs a s")


if __name__ == "__main__":
    main()
