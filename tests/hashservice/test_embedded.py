"""The embedded servers as their users meet them: real servers, killed and raced for real."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from hashservice import embedded
from hashservice.embedded.locks import is_held
from hashservice.embedded.places import LONGEST_SOCKET_FOLDER
from tests.hashservice.waiting import is_alive, wait_until

PROJECT = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0
USE = """\
import json, sys
from pathlib import Path
from hashservice import embedded
environ = json.loads(sys.argv[2])
embedded.provide(environ, state_dir=Path(sys.argv[1]), purpose="service")
print(json.dumps(environ), flush=True)
for order in sys.stdin:
    embedded.renew()
    print("renewed", flush=True)
"""
POSTGRES_ONLY = {"REDIS_URL": "redis://elsewhere"}
VALKEY_ONLY = {"DATABASE_URL": "postgresql://elsewhere/x"}


class User:
    """A process that uses the servers of `state_dir` until it leaves."""

    def __init__(self, state_dir: Path, given: dict[str, str]) -> None:
        self.state_dir = state_dir
        self._process = subprocess.Popen(
            [sys.executable, "-c", USE, state_dir, json.dumps(given)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def addresses(self) -> dict[str, str]:
        """Where the servers are; waits until they answer."""
        assert self._process.stdout is not None
        found: dict[str, str] = json.loads(self._process.stdout.readline())
        return found

    def renew(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("renew\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "renewed\n"

    def leave(self) -> None:
        self._process.communicate()

    def be_killed(self) -> None:
        self._process.kill()
        self._process.communicate()


Enter = Callable[..., User]


@pytest.fixture
def state_dir() -> Iterator[Path]:
    """A folder that the server's user can reach; gone, with its servers, at the end."""
    folder = Path(tempfile.mkdtemp(prefix="hashservice-test-"))
    folder.chmod(0o711)
    yield folder
    wait_until(lambda: not has_keeper(folder, "postgres") and not has_keeper(folder, "valkey"))
    shutil.rmtree(folder)


@pytest.fixture
def enter(state_dir: Path) -> Iterator[Enter]:
    users: list[User] = []

    def come_in(given: dict[str, str], folder: Path = state_dir) -> User:
        users.append(User(folder, given))
        return users[-1]

    yield come_in
    for user in users:
        user.be_killed()


def has_keeper(state_dir: Path, name: str) -> bool:
    lock = state_dir / "service" / name / "keeper.lock"
    return lock.exists() and is_held(lock)


def postmaster(state_dir: Path) -> int:
    file = state_dir / "service" / "postgres" / "cluster" / "data" / "postmaster.pid"
    return int(file.read_text().split()[0])


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def ask(address: str, question: str) -> object:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row and row[0]


def is_up(address: str) -> bool:
    try:
        return ask(address, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def test_nothing_is_started_when_both_addresses_are_given(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgresql://elsewhere/x", "REDIS_URL": "redis://elsewhere"}
    given = dict(environ)
    embedded.provide(environ, state_dir=tmp_path, purpose="service")
    assert environ == given
    assert list(tmp_path.iterdir()) == []


def test_address_in_a_file_counts_as_given(tmp_path: Path) -> None:
    environ = {"DATABASE_URL_FILE": "/run/secrets/database", "REDIS_URL": "redis://elsewhere"}
    embedded.provide(environ, state_dir=tmp_path, purpose="service")
    assert "DATABASE_URL" not in environ


@pytest.mark.slow
def test_racing_starts_share_one_server_until_the_last_user_has_gone(
    enter: Enter, state_dir: Path
) -> None:
    users = [enter({}) for _ in range(4)]
    found = [user.addresses() for user in users]
    address = found[0]["DATABASE_URL"]
    assert all(addresses == found[0] for addresses in found)

    for user in users[:-1]:
        user.leave()
    assert is_up(address)
    server = postmaster(state_dir)
    users[-1].be_killed()
    wait_until(lambda: not is_alive(server))
    wait_until(lambda: not has_keeper(state_dir, "valkey"))
    assert not is_up(address)


@pytest.mark.slow
def test_killed_servers_come_back_with_what_was_acknowledged(enter: Enter, state_dir: Path) -> None:
    found = enter({}).addresses()
    with psycopg.connect(found["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.Redis.from_url(found["REDIS_URL"]) as valkey:
        valkey.set("kept", "42")
        first, broker = postmaster(state_dir), int(valkey.info()["process_id"])

        os.kill(first, signal.SIGKILL)
        os.kill(broker, signal.SIGKILL)
        wait_until(lambda: not is_alive(first))
        wait_until(lambda: is_up(found["DATABASE_OWNER_URL"]))
        assert ask(found["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == 42
        wait_until(lambda: not is_alive(broker))
        wait_until(lambda: answers_with(valkey, "kept", b"42"))


def answers_with(valkey: redis.Redis, key: str, value: bytes) -> bool:
    try:
        return valkey.get(key) == value
    except redis.ConnectionError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc; only Linux ends the orphans")
def test_killed_keeper_takes_its_server_along_and_is_replaced(
    enter: Enter, state_dir: Path
) -> None:
    user = enter(POSTGRES_ONLY)
    address = user.addresses()["DATABASE_URL"]
    server = postmaster(state_dir)
    os.kill(parent(server), signal.SIGKILL)
    wait_until(lambda: not is_alive(server))
    user.renew()
    assert is_up(address)


@pytest.mark.slow
def test_process_id_left_behind_that_is_somebody_elses_by_now_does_not_matter(
    enter: Enter, state_dir: Path
) -> None:
    user = enter(POSTGRES_ONLY)
    address = user.addresses()["DATABASE_URL"]
    cluster = state_dir / "service" / "postgres" / "cluster"
    file = cluster / "data" / "postmaster.pid"
    left_behind = file.read_text().replace(file.read_text().split()[0], str(os.getpid()), 1)
    user.leave()
    wait_until(lambda: not has_keeper(state_dir, "postgres"))

    file.write_text(left_behind)
    (cluster / "socket" / ".s.PGSQL.5432.lock").write_text(left_behind)
    assert enter(POSTGRES_ONLY).addresses()["DATABASE_URL"] == address
    assert is_up(address)


@pytest.mark.slow
def test_roles_can_do_what_they_need_and_no_more(enter: Enter, state_dir: Path) -> None:
    found = enter(POSTGRES_ONLY).addresses()
    runtime, owner = found["DATABASE_URL"], found["DATABASE_OWNER_URL"]
    unbounded = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert ask(runtime, unbounded) is False
    assert ask(owner, unbounded) is False
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(runtime, "CREATE TABLE mine (id int)")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE DATABASE another")
    assert is_up(runtime.replace("/hashservice?", "/another?"))
    assert ask(owner, "SHOW data_checksums") == "on"
    assert ask(owner, "SHOW fsync") == "on"
    assert ask(owner, "SHOW listen_addresses") == ""
    with pytest.raises(psycopg.OperationalError):
        ask(runtime.replace("hashservice_app@", "nobody@"), "SELECT 1")


@pytest.mark.slow
def test_state_folder_with_a_long_path_gets_a_short_socket(enter: Enter, state_dir: Path) -> None:
    deep = state_dir / ("d" * LONGEST_SOCKET_FOLDER)
    deep.mkdir(mode=0o711)
    user = enter(VALKEY_ONLY, deep)
    with redis.Redis.from_url(user.addresses()["REDIS_URL"]) as valkey:
        assert valkey.ping()
    user.leave()
    wait_until(lambda: not has_keeper(deep, "valkey"))
    shutil.rmtree((deep / "service" / "valkey" / "socket.place").read_text())


@pytest.mark.slow
@pytest.mark.skipif(not AS_ROOT, reason="only root's servers run as another user")
def test_state_folder_in_a_closed_home_is_left_closed(enter: Enter, state_dir: Path) -> None:
    home = state_dir / "home"
    home.mkdir(mode=0o700)
    user = enter(POSTGRES_ONLY, home)
    assert is_up(user.addresses()["DATABASE_URL"])
    assert home.stat().st_mode & 0o777 == 0o700
    user.leave()
    wait_until(lambda: not has_keeper(home, "postgres"))
    shutil.rmtree((home / "service" / "postgres" / "place").read_text())
