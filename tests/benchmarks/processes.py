"""The processes of an installation, by their part in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import psutil  # type: ignore[import-untyped]

from tests.benchmarks.installation import SERVERS, Installation


class Part(StrEnum):
    """What a process is there for."""

    SERVE = "serve"
    WEB_SERVER = "web server"
    WEB = "web"
    DECODERS = "decoders"
    WORKER = "worker"
    COURIER = "courier"
    SEALER = "sealer"
    BEAT = "beat"
    POSTGRES_KEEPER = "postgres keeper"
    POSTGRES = "postgres"
    VALKEY_KEEPER = "valkey keeper"
    VALKEY = "valkey"


_KEEPER = "hashservice.embedded.keeper"
_PROGRAMS = {  # the first word that a command line has
    "granian": Part.WEB_SERVER,
    "courier@%h": Part.COURIER,
    "sealer@%h": Part.SEALER,
    "worker": Part.WORKER,
    "beat": Part.BEAT,
}
# What the children of a process are there for, where that is something else.
_CHILDREN = {
    Part.WEB_SERVER: Part.WEB,
    Part.WEB: Part.DECODERS,
    Part.POSTGRES_KEEPER: Part.POSTGRES,
    Part.VALKEY_KEEPER: Part.VALKEY,
}
Tree = Mapping[int, Sequence[psutil.Process]]


def processes(installed: Installation) -> Iterator[tuple[Part, psutil.Process]]:
    """Every process of `serve` and of the servers it runs on, as they were at one moment."""
    running = [
        process
        for process in psutil.process_iter(["ppid", "cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
    ]
    tree = defaultdict(list)
    for process in running:
        tree[process.info["ppid"]].append(process)
    for process in running:
        part = _part_of_root(installed, process.info["cmdline"] or [])
        if part is not None:
            yield from _with_all_below(part, process, tree)


def _part_of_root(installed: Installation, words: Sequence[str]) -> Part | None:
    if "serve" in words and str(installed.port) in words:
        return Part.SERVE
    if _KEEPER in words:
        for name in SERVERS:
            if words[-1] == str(installed.server_folder(name)):
                return Part(f"{name} keeper")
    return None


def _with_all_below(
    part: Part, process: psutil.Process, tree: Tree
) -> Iterator[tuple[Part, psutil.Process]]:
    yield part, process
    for child in tree.get(process.pid, ()):
        own = _part_of_program(child) if part is Part.SERVE else _CHILDREN.get(part, part)
        yield from _with_all_below(own, child, tree)


def _part_of_program(process: psutil.Process) -> Part:
    words = process.info["cmdline"] or []
    return next((part for word, part in _PROGRAMS.items() if word in words), Part.SERVE)
