"""Decoder processes: same hashes as in process, one caller's trouble stays that caller's."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import pytest

from matching.hashing import (
    DEFAULT_LIMITS,
    DecodeLimitExceeded,
    DecoderPool,
    DecoderUnavailable,
    FrameHashes,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    ImageUndecodable,
    QueryHashes,
    SandboxLimits,
    UnsupportedMediaType,
    hash_image,
    query_image,
)
from matching.hashing.sandbox import process
from tests.hostile import gif_of_many_frames, one_color_png, sound_files
from tests.pictures import as_bytes, render_picture

JPEG = sound_files()["jpeg"]
PATIENT = SandboxLimits(job_seconds=60, wait_seconds=60)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2) as shared:
        yield shared


def only_child(pool: DecoderPool) -> int:
    """Process id of the one child, after it has served its first job."""
    pool.query(JPEG)
    (child,) = pool.process_ids
    return child


def wait_for_end(child: int) -> None:
    """Return once a process that is not our child has ended; fail after a minute."""
    try:
        descriptor = os.pidfd_open(child)
    except ProcessLookupError:
        return
    ended, _, _ = select.select([descriptor], [], [], 60)
    os.close(descriptor)
    assert ended


def same(first: QueryHashes, second: QueryHashes) -> bool:
    return first.digests == second.digests and all(
        same_frame(*pair) for pair in zip(first.frames, second.frames, strict=True)
    )


def same_frame(first: FrameHashes, second: FrameHashes) -> bool:
    return (
        (first.quality, first.trimmed_quality) == (second.quality, second.trimmed_quality)
        and np.array_equal(first.variants, second.variants)
        and np.array_equal(np.array(first.trimmed_variants), np.array(second.trimmed_variants))
    )


@pytest.mark.parametrize("name", sorted(sound_files()))
def test_hashes_are_those_computed_in_process(pool: DecoderPool, name: str) -> None:
    data = sound_files()[name]
    assert same(pool.query(data), query_image(data))
    assert pool.register(data) == hash_image(data)


REFUSALS: dict[type[ImageError], bytes] = {
    UnsupportedMediaType: b"text",
    ImageUndecodable: sound_files()["png"][:2000],
    ImageTooLarge: one_color_png(30_000, 30_000),
    ImageTooSmall: as_bytes(render_picture(1, (20, 20)), "PNG"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_refusals_keep_their_kind(pool: DecoderPool, kind: type[ImageError]) -> None:
    before = pool.process_ids
    for hashed in (pool.query, pool.register):
        with pytest.raises(kind):
            hashed(REFUSALS[kind])
    assert pool.process_ids == before


def test_file_of_too_many_bytes_is_not_even_sent(pool: DecoderPool) -> None:
    with pytest.raises(ImageTooLarge):
        pool.query(bytes(DEFAULT_LIMITS.max_bytes + 1))


def test_many_threads_each_get_their_own_answer(pool: DecoderPool) -> None:
    files = [as_bytes(render_picture(seed, (120, 90)), "PNG") for seed in range(12)]
    expected = [query_image(data) for data in files]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(pool.query, files * 4))
    assert all(same(*pair) for pair in zip(answers, expected * 4, strict=True))


def test_child_killed_while_idle_is_replaced_unseen() -> None:
    with DecoderPool(1) as pool:
        os.kill(only_child(pool), signal.SIGKILL)
        assert same(pool.query(JPEG), query_image(JPEG))


def test_child_killed_while_another_does_all_the_work_is_replaced_too() -> None:
    with DecoderPool(2, sandbox=PATIENT) as pool:
        pool.query(JPEG)
        before = pool.process_ids
        for killed in before:  # one of the two would not have been used next
            os.kill(killed, signal.SIGKILL)
            wait_for_end(killed)
        pool.query(JPEG)
        assert len(pool.process_ids) == 2
        assert not before & pool.process_ids


def test_child_killed_during_a_job_is_replaced_unseen() -> None:
    with DecoderPool(1, sandbox=PATIENT) as pool, ThreadPoolExecutor(1) as threads:
        child = only_child(pool)
        os.kill(child, signal.SIGSTOP)
        answer = threads.submit(pool.query, JPEG)
        os.kill(child, signal.SIGKILL)
        assert same(answer.result(), query_image(JPEG))


@pytest.mark.slow
def test_job_that_takes_too_long_is_refused_and_the_next_one_is_served() -> None:
    with DecoderPool(1, sandbox=SandboxLimits(job_seconds=0.5)) as pool:
        child = only_child(pool)
        os.kill(child, signal.SIGSTOP)
        with pytest.raises(DecodeLimitExceeded):
            pool.query(JPEG)
        assert child not in pool.process_ids
        assert pool.register(JPEG) == hash_image(JPEG)


@pytest.mark.slow
def test_job_that_takes_too_much_memory_is_refused_and_the_next_one_is_served() -> None:
    with DecoderPool(1, sandbox=SandboxLimits(memory_bytes=250 << 20)) as pool:
        with pytest.raises(DecodeLimitExceeded):
            pool.register(one_color_png(7_000, 7_000))
        assert pool.register(JPEG) == hash_image(JPEG)


@pytest.mark.slow
def test_job_that_takes_too_much_processor_time_is_refused() -> None:
    hasty = SandboxLimits(cpu_seconds=0, job_seconds=60)
    with DecoderPool(1, sandbox=hasty) as pool, pytest.raises(DecodeLimitExceeded):
        pool.query(gif_of_many_frames(60_000))  # a quick machine walks 20,000 in time


def test_caller_who_finds_all_children_busy_hears_so() -> None:
    busy = SandboxLimits(job_seconds=60, wait_seconds=0.1)
    with DecoderPool(1, sandbox=busy) as pool, ThreadPoolExecutor(2) as threads:
        child = only_child(pool)
        os.kill(child, signal.SIGSTOP)
        callers = {threads.submit(pool.query, JPEG) for _ in range(2)}
        turned_away, served = wait(callers, return_when=FIRST_COMPLETED)
        os.kill(child, signal.SIGCONT)
        with pytest.raises(DecoderUnavailable):
            turned_away.pop().result()
        assert same(served.pop().result(), query_image(JPEG))


@pytest.mark.slow
def test_worn_child_is_relieved() -> None:
    with DecoderPool(1, sandbox=SandboxLimits(jobs_per_child=3)) as pool:
        first = only_child(pool)
        while first in pool.process_ids:
            assert same(pool.query(JPEG), query_image(JPEG))


def test_child_that_cannot_start_makes_decoding_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "WORKER", "no.such.module")
    with DecoderPool(1) as pool:
        for _ in range(2):
            with pytest.raises(DecoderUnavailable):
                pool.query(JPEG)
        monkeypatch.undo()
        assert_recovers(pool)


def test_without_an_interpreter_decoding_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with DecoderPool(1) as pool:
        for _ in range(2):
            with pytest.raises(DecoderUnavailable):
                pool.query(JPEG)
        monkeypatch.undo()
        assert_recovers(pool)


def assert_recovers(pool: DecoderPool) -> None:
    """The first caller may still meet the child that failed to start."""
    try:
        pool.query(JPEG)
    except DecoderUnavailable:
        pool.query(JPEG)


ROGUES = {
    b"die": DecodeLimitExceeded,
    b"boast": ImageUndecodable,
    b"": ImageUndecodable,
    b"\x09": ImageUndecodable,
    b"\x00": ImageUndecodable,
    b"\x00" + bytes(513): ImageUndecodable,
    b"\x00\x65" + bytes(513): ImageUndecodable,
    b"\x05": DecodeLimitExceeded,
}


@pytest.mark.parametrize("bidding", ROGUES)
def test_child_taken_over_by_its_input_can_only_fail(
    monkeypatch: pytest.MonkeyPatch, bidding: bytes
) -> None:
    monkeypatch.setattr(process, "WORKER", "tests.matching.hashing.rogue_worker")
    with DecoderPool(1) as pool:
        before = pool.process_ids
        with pytest.raises(ROGUES[bidding]):
            pool.query(bidding)
        assert not before & pool.process_ids


OPENED_AND_CLOSED = """
import gc, os, sys
from matching.hashing.sandbox import DecoderPool

def gone(child):
    try:
        os.kill(child, 0)
    except ProcessLookupError:
        return True

gc.collect()
picture, before = sys.stdin.buffer.read(), len(os.listdir("/proc/self/fd"))
for _ in range(3):
    with DecoderPool(2) as pool:
        pool.query(picture)
        children = pool.process_ids
        assert len(children) == 2
    assert all(map(gone, children))
gc.collect()
assert len(os.listdir("/proc/self/fd")) <= before
"""


@pytest.mark.slow
def test_closing_leaves_no_process_and_no_descriptor() -> None:
    """In a process of its own: what earlier tests left open must not be counted as ours."""
    program = [sys.executable, "-W", "error", "-c", OPENED_AND_CLOSED]
    subprocess.run(program, input=JPEG, check=True)


def test_closed_pool_is_unavailable() -> None:
    pool = DecoderPool(1)
    pool.close()
    pool.close()
    with pytest.raises(DecoderUnavailable):
        pool.query(JPEG)


OWNER = """
from matching.hashing import DecoderPool
from tests.hostile import sound_files
pool = DecoderPool(1)
pool.query(sound_files()["jpeg"])
print(*pool.process_ids, flush=True)
input()
"""


@pytest.mark.slow
def test_children_end_with_an_owner_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        owner.kill()
    wait_for_end(child)


def test_forked_process_starts_children_of_its_own(pool: DecoderPool) -> None:
    expected = pool.register(JPEG)
    parents = pool.process_ids
    fork = os.fork()
    if fork == 0:
        status = 1
        try:
            right = pool.register(JPEG) == expected and not parents & pool.process_ids
            pool.close()
            status = 0 if right else 1
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]) == 0
    assert pool.process_ids == parents
    assert pool.register(JPEG) == expected


CONFINED = """
import json, os, socket, sys
from matching.hashing.sandbox.confinement import confine
def refused(attempt):
    try:
        attempt()
    except (OSError, MemoryError) as error:
        return True
    return False
already_open = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
offline = confine(memory_bytes=1 << 30, open_files=16)
print(json.dumps({
    "offline": offline,
    "network": refused(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 1)),
    "resolver": refused(lambda: socket.getaddrinfo("localhost.invalid", 80)),
    "execution": refused(lambda: os.execv("/bin/true", ["true"])),
    "writing": refused(lambda: os.write(already_open, b"x")),
    "memory": refused(lambda: bytearray(1 << 30)),
    "reading": refused(lambda: open("/proc/self/environ")),
    "signals": refused(lambda: os.kill(os.getppid(), 0)),
}))
"""


def test_confined_process_reaches_neither_network_nor_programs_nor_files(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ran = subprocess.run(
            [sys.executable, "-c", CONFINED, str(tmp_path / "file"), str(port)],
            capture_output=True,
            check=True,
        )
    assert set(json.loads(ran.stdout).values()) == {True}


def test_environment_of_the_owner_is_not_passed_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The interpreter is a script that writes down what it was given.

    Each child writes a file of its own and names it when it is whole: the last one may be killed
    while it writes.
    """
    witness = tmp_path / "python"
    witness.write_text(
        f"#!/bin/sh\n/usr/bin/env > {tmp_path}/$$.part && mv {tmp_path}/$$.part {tmp_path}/$$.env\n"
    )
    witness.chmod(0o755)
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    monkeypatch.setattr(sys, "executable", str(witness))
    with DecoderPool(1) as pool, pytest.raises(DecoderUnavailable):
        pool.query(JPEG)
    passed_on = [file.read_text() for file in tmp_path.glob("*.env")]
    assert passed_on
    assert all("PYTHONPATH" in text and "s3cret" not in text for text in passed_on)
