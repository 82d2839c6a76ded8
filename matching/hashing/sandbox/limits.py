"""What one decoder process and one job may use."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """Seconds, bytes and counts; a job beyond them is DecodeLimitExceeded."""

    job_seconds: float = 10.0
    """Wall clock for one job, from the first byte sent to the last received."""

    cpu_seconds: int = 5
    """Processor time for one job."""

    memory_bytes: int = 5 << 28
    """Address space of a child, interpreter and libraries (200 MiB) included."""

    open_files: int = 16
    jobs_per_child: int = 10_000
    """After this many jobs a child is replaced, whatever a decoder may have left behind in it.

    Importing its libraries costs a new child as much as 300 small photos; its memory has a limit of
    its own."""

    start_seconds: float = 20.0
    """Wall clock for a child to start and import its libraries."""

    wait_seconds: float = 10.0
    """How long a caller waits for a free child."""


DEFAULT_SANDBOX: Final = SandboxLimits()
