"""What the processes of a service cost: CPU time and memory, by their part in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.benchmarks.installation import SERVERS, Installation

WEB, DECODERS, OTHERS = "web", "decoders", "others"
_KEEPER, _TRACKER = "hashservice.embedded.keeper", "resource_tracker"


def cpu_seconds(installed: Installation) -> Counter[str]:
    """CPU time so far by part, that of ended children included."""
    spent: Counter[str] = Counter()
    for part, process in _processes(installed):
        with suppress(psutil.NoSuchProcess):
            own_user, own_system, *ended = process.cpu_times()[:4]
            spent[part] += own_user + own_system
            # The children of a web process are decoders, which come and go.
            spent[DECODERS if part == WEB else part] += sum(ended)
    return spent


def megabytes(installed: Installation, part: str) -> list[float]:
    """Memory of each process of a part; what several share counts in equal shares (PSS)."""
    return [_pss(process) / 1e6 for name, process in _processes(installed) if name == part]


def _pss(process: psutil.Process) -> int:
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _processes(installed: Installation) -> Iterator[tuple[str, psutil.Process]]:
    for process in psutil.process_iter():
        words = _command(process)
        if _KEEPER in words:
            name = Path(words[-1]).name
            if name in SERVERS and Path(words[-1]) == installed.server_folder(name):
                yield from ((name, child) for child in process.children(recursive=True))
        elif "serve" in words and str(installed.port) in words:
            yield from _of_serve(process)


def _of_serve(serve: psutil.Process) -> Iterator[tuple[str, psutil.Process]]:
    yield OTHERS, serve
    for program in serve.children():
        yield OTHERS, program
        is_web = "granian" in _command(program)
        for child in program.children():
            yield WEB if is_web and _TRACKER not in " ".join(_command(child)) else OTHERS, child
            yield from ((DECODERS, each) for each in child.children(recursive=True))


def _command(process: psutil.Process) -> list[str]:
    try:
        words: list[str] = process.cmdline()
    except psutil.NoSuchProcess:
        return []
    return words
