"""The limiter's scripts on the real server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.conf import settings
from redis import Redis, RedisError

from tenants.throttling.script import Script
from tests.hashservice.waiting import wait_until

TEXT = "return {#KEYS, #ARGV, tonumber(ARGV[1]) * 2}"


@pytest.fixture
def server() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as server:
        yield server


@pytest.fixture
def name() -> str:
    return f"test-{secrets.token_hex(8)}"


@pytest.fixture
def script(name: str) -> Iterator[Script]:
    client = Redis.from_url(settings.REDIS_URL, client_name=name)
    with closing(Script(client.connection_pool, TEXT)) as script:
        yield script


def test_a_script_gets_its_keys_and_arguments(script: Script) -> None:
    assert script(keys=["{a}:1", "{a}:2"], args=[21, "text", 0.5]) == [2, 3, 42]


def test_a_script_the_server_forgot_is_told_again(script: Script, server: Redis) -> None:
    script(keys=[], args=[1])
    server.script_flush()
    assert script(keys=[], args=[2]) == [0, 1, 4]


def test_a_connection_the_server_closed_is_replaced(
    script: Script, server: Redis, name: str
) -> None:
    script(keys=[], args=[1])
    [ours] = [client["id"] for client in server.client_list() if client["name"] == name]
    server.client_kill_filter(_id=ours)
    assert script(keys=[], args=[3]) == [0, 1, 6]


def test_an_error_of_the_script_is_raised_and_the_next_call_works(script: Script) -> None:
    with pytest.raises(RedisError):
        script(keys=[], args=["no number"])
    assert script(keys=[], args=[4]) == [0, 1, 8]


def test_no_connection_is_left_behind(script: Script, server: Redis, name: str) -> None:
    def open_ones() -> int:
        return sum(client["name"] == name for client in server.client_list())

    with pytest.raises(RedisError):
        script(keys=[], args=["no number"])
    wait_until(lambda: open_ones() == 0)
    script(keys=[], args=[1])
    assert open_ones() == 1
    script.close()
    wait_until(lambda: open_ones() == 0)
    assert script(keys=[], args=[5]) == [0, 1, 10]
