"""What the processes of a service cost: CPU time and memory, by their part in it."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.benchmarks.installation import Installation
from tests.benchmarks.processes import Part, processes


def cpu_seconds(installed: Installation) -> Counter[Part]:
    """CPU time so far by part, that of ended children included."""
    spent: Counter[Part] = Counter()
    for part, process in processes(installed):
        with suppress(psutil.NoSuchProcess):
            own_user, own_system, *ended = process.cpu_times()[:4]
            spent[part] += own_user + own_system
            # The children of a web process are decoders, which come and go.
            spent[Part.DECODERS if part is Part.WEB else part] += sum(ended)
    return spent


def megabytes(installed: Installation, part: Part) -> list[float]:
    """Memory of each process of a part; what several share counts in equal shares (PSS)."""
    return [_pss(process) / 1e6 for found, process in processes(installed) if found is part]


def _pss(process: psutil.Process) -> int:
    """Bytes, by /proc/PID/smaps_rollup (Linux)."""
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
