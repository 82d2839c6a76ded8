"""The command lines of the service's processes. `serve` runs them here, deploy/ runs the same."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

APPLICATION = "hashservice.wsgi:application"
CELERY_APP = "hashservice.celery"
WEB_THREADS = 4
WORKER_PROCESSES = 2
# A request or a task under way gets this long to finish when the service stops.
STOP_SECONDS = 25


@dataclass(frozen=True)
class Program:
    name: str
    command: tuple[str, ...]


def web(*, host: str, port: int, workers: int, threads: int) -> Program:
    """Granian, WSGI. A worker process that dies is replaced by its main process within a second."""
    return _program(
        "web",
        "granian",
        *("--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--runtime-mode", "st"),  # a thread the fewer to be woken for every answer
        *("--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", str(threads)),
        *("--respawn-failed-workers", "--respawn-interval", "0.5"),
        *("--workers-kill-timeout", str(STOP_SECONDS)),
        *("--log-level", "warning"),
        APPLICATION,
    )


def worker(*, processes: int = WORKER_PROCESSES) -> Program:
    """Celery's worker: a process takes one task at a time, so none waits behind a long one."""
    return _program(
        "worker",
        *("celery", "--app", CELERY_APP, "--quiet", "worker"),
        *("--concurrency", str(processes), "--prefetch-multiplier", "1"),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
    )


def courier() -> Program:
    """Celery's worker for webhooks: hosts that do not answer keep nothing else waiting."""
    return _program(
        "courier",
        *("celery", "--app", CELERY_APP, "--quiet", "worker"),
        *("--queues", "webhooks", "--hostname", "courier@%h"),
        *("--pool", "threads", "--concurrency", "1", "--prefetch-multiplier", "1"),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
    )


def sealer() -> Program:
    """Celery's worker for the audit log: sealing waits behind nothing else."""
    return _program(
        "sealer",
        *("celery", "--app", CELERY_APP, "--quiet", "worker"),
        *("--queues", "audit", "--hostname", "sealer@%h"),
        *("--pool", "threads", "--concurrency", "1", "--prefetch-multiplier", "1"),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
    )


def beat(*, state_dir: Path) -> Program:
    """Celery's scheduler. There is one of it in an installation."""
    return _program(
        "beat",
        *("celery", "--app", CELERY_APP, "--quiet", "beat"),
        *("--schedule", str(state_dir / "beat-schedule"), "--pidfile", ""),
        *("--loglevel", "WARNING"),
    )


def _program(name: str, module: str, *arguments: str) -> Program:
    return Program(name, (sys.executable, "-m", module, *arguments))
