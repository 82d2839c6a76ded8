"""What the processes of a service cost: CPU time and memory, by their part in it."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

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
    return [_pss(process, "") for found, process in processes(installed) if found is part]


def index_megabytes(installed: Installation) -> list[float]:
    """The index files' share in the memory of each web process."""
    folder = str(installed.folder / "index")
    return [_pss(process, folder) for found, process in processes(installed) if found is Part.WEB]


def mapped_megabytes(process: psutil.Process, folder: str) -> float:
    """A process's share of what is mapped from files below `folder`; of all when that is empty."""
    return _pss(process, folder)


def _pss(process: psutil.Process, folder: str) -> float:
    """Megabytes mapped from files below `folder`; all there is when that is empty."""
    maps = process.memory_maps(grouped=True)
    return float(sum(each.pss for each in maps if each.path.startswith(folder))) / 1e6
