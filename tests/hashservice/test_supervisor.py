"""The supervisor, with shells in place of the service's processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hashservice.supervisor import answers, running
from tests.hashservice.waiting import is_alive, wait_until

SUPERVISE = """\
import os, sys
from pathlib import Path
from hashservice.supervisor import Program, Supervisor
programs = [Program(f"p{n}", ("sh", "-c", script)) for n, script in enumerate(sys.argv[2:], 1)]
Supervisor(
    programs,
    environ=os.environ,
    folder=Path("/"),
    say=lambda line: print(line, flush=True),
    stop_seconds=float(sys.argv[1]),
).run()
print("ended", flush=True)
"""
FOREVER = "echo up $$; exec sleep 1000"
WITH_OWN_CHILD = "sleep 1000 & echo child $!; echo up $$; wait"
STUBBORN = "trap '' TERM; echo up $$; while :; do sleep 1; done"

Supervise = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    started: list[subprocess.Popen[str]] = []

    def start(*scripts: str, stop_seconds: float = 20) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, str(stop_seconds), *scripts],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def next_number(process: subprocess.Popen[str], beginning: str) -> int:
    """The number at the end of the next line that begins so."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(beginning):
            return int(line.split()[-1])
    raise AssertionError(f"ended without a line {beginning!r}")


def test_killed_child_is_started_again(supervise: Supervise) -> None:
    process = supervise(FOREVER, FOREVER)
    first = next_number(process, "p1 | up")
    os.kill(first, signal.SIGKILL)
    assert next_number(process, "p1 | up") != first


def test_child_that_keeps_dying_is_started_again_and_again(supervise: Supervise) -> None:
    process = supervise("echo up $$; exit 3")
    assert len({next_number(process, "p1 | up") for _ in range(3)}) == 3


def test_what_a_killed_child_had_started_dies_with_it(supervise: Supervise) -> None:
    process = supervise(WITH_OWN_CHILD)
    orphan = next_number(process, "p1 | child")
    os.kill(next_number(process, "p1 | up"), signal.SIGKILL)
    wait_until(lambda: not is_alive(orphan))


def test_supervisor_told_to_stop_ends_every_child(supervise: Supervise) -> None:
    process = supervise(FOREVER, WITH_OWN_CHILD)
    own_child = next_number(process, "p2 | child")
    process.terminate()
    rest, _ = process.communicate()
    assert process.returncode == 0
    assert rest.splitlines()[-1] == "ended"
    wait_until(lambda: not is_alive(own_child))


def test_child_may_finish_its_work_before_the_end(supervise: Supervise) -> None:
    process = supervise(
        "trap 'sleep 0.3; echo done; exit 0' TERM; echo up $$; while :; do sleep 0.1; done"
    )
    next_number(process, "p1 | up")
    process.terminate()
    assert "p1 | done" in process.communicate()[0]


def test_child_that_will_not_stop_is_killed_in_the_end(supervise: Supervise) -> None:
    process = supervise(STUBBORN, stop_seconds=0.3)
    stubborn = next_number(process, "p1 | up")
    process.terminate()
    process.communicate()
    assert process.returncode == 0
    assert not is_alive(stubborn)


def test_second_signal_does_not_wait_for_anyone(supervise: Supervise) -> None:
    process = supervise(STUBBORN, stop_seconds=1000)
    next_number(process, "p1 | up")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux ties a child's life to its parent's"
)
def test_killed_supervisor_leaves_no_child_behind(supervise: Supervise) -> None:
    process = supervise(FOREVER)
    child = next_number(process, "p1 | up")
    process.kill()
    wait_until(lambda: not is_alive(child))


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_service_answers_while_it_runs_and_ends_cleanly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with running(port=port, log=tmp_path / "serve.log", until="/livez", seconds=300) as service:
        assert answers("127.0.0.1", port, "/livez")
        assert service.stop() == 0
    assert service.log.read_text().splitlines()[-1] == "stopped"
    assert not answers("127.0.0.1", port, "/livez")
