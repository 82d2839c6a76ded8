"""Polling exchanges: a real server on loopback that replays invented pages, also bad ones."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from matching.importers import exchanges
from matching.models import Exchange, HashEntry, HashList, ImportRun
from tests.matching.importers.pages import (
    image,
    ncmec_page,
    stopncii_page,
    stopncii_record,
    tombstone,
)
from tests.matching.lists import make_list

HERE = "127.0.0.1"


class Remote(ThreadingHTTPServer):
    """Answers with `answers` in turn, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HERE, 0), _Handler)
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://{HERE}:{self.server_port}"

    def will_answer(self, *bodies: bytes) -> None:
        self.answers += [(200, {}, body) for body in bodies]


class _Handler(BaseHTTPRequestHandler):
    server: Remote

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        status, headers, body = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def remote(settings: Any) -> Iterator[Remote]:
    server = Remote()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    settings.OUTGOING_ALLOWED_NETWORKS, settings.OUTGOING_HTTP = [f"{HERE}/32"], True
    settings.EXCHANGE_NCMEC_URL = settings.EXCHANGE_STOPNCII_URL = server.url
    settings.EXCHANGE_NCMEC_USERNAME, settings.EXCHANGE_NCMEC_PASSWORD = "us", "invented"
    settings.EXCHANGE_STOPNCII_KEY = "invented key"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def ncmec(db: None) -> HashList:
    return make_list()


@pytest.fixture
def exchange(ncmec: HashList, curator: User) -> Exchange:
    return exchanges.connect(hash_list=ncmec, kind="ncmec", minutes=60, actor=curator)


@pytest.fixture
def stopncii(ncmec: HashList, curator: User) -> Exchange:
    return exchanges.connect(hash_list=ncmec, kind="stopncii", minutes=60, actor=curator)


def poll() -> Exchange:
    Exchange.objects.update(next_poll_at=timezone.now())
    claimed = exchanges.claim_due()
    assert claimed is not None
    exchanges.poll(claimed)
    return claimed


def ids() -> set[str]:
    return set(HashEntry.objects.values_list("external_id", flat=True))


def test_ncmec_is_read_along_the_links_with_our_login(remote, exchange):
    following = "/v2/entries?from=a&amp;start=1001"
    remote.will_answer(ncmec_page(image(1), following=following), ncmec_page(image(2)))
    polled = poll()
    assert ids() == {"7/inv-1", "7/inv-2"}
    first, second = remote.asked
    assert first[0].startswith("/v2/entries?from=2000-01-01T00%3A00%3A00Z&to=")
    assert second[0] == "/v2/entries?from=a&start=1001"
    login = base64.b64encode(b"us:invented").decode()
    assert {headers["Authorization"] for _, headers in remote.asked} == {f"Basic {login}"}
    assert (polled.failures, polled.error, list(polled.cursor)) == (0, "", ["from"])
    assert polled.succeeded_at is not None


def test_the_next_poll_begins_where_the_last_one_ended(remote, exchange):
    remote.will_answer(ncmec_page(image(1)))
    before = timezone.now()
    poll()
    remote.will_answer(ncmec_page(image(1), tombstone("inv-1")))
    poll()
    began = remote.asked[1][0].split("from=")[1][:13]
    assert began == f"{before - timedelta(minutes=10):%Y-%m-%dT%H}"
    assert HashEntry.objects.get().state == "retired"


def test_stopncii_is_read_by_token_and_then_by_time(remote, stopncii):
    remote.will_answer(
        stopncii_page(stopncii_record(1), token="two", more=True),
        stopncii_page(stopncii_record(2), stopncii_record(1)),
    )
    polled = poll()
    assert HashEntry.objects.count() == 2
    assert "nextPageToken=two" in remote.asked[1][0]
    assert remote.asked[0][1]["Ocp-Apim-Subscription-Key"] == "invented key"
    assert polled.cursor == {"startTimestamp": 1_700_001_000}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, {}, b"oops"), "answered 500"),
        ((401, {}, b""), "answered 401"),
        ((302, {"Location": "http://127.0.0.1/"}, b""), "answered 302"),
        ((200, {}, ncmec_page(image(3))[:-40]), "a page can not be used: line"),
        ((200, {}, b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"), "a document type is not allowed"),
        (
            (200, {}, ncmec_page(image(3), following="http://invented.example/v2")),
            "names another host",
        ),
    ],
)
def test_a_bad_page_keeps_what_came_before_and_is_asked_for_again(remote, exchange, answer, error):
    following = "/v2/entries?start=1001"
    remote.will_answer(ncmec_page(image(1), following=following))
    remote.answers.append(answer)
    polled = poll()
    assert ids() == {"7/inv-1"}
    assert (polled.failures, polled.cursor["next"]) == (1, following)
    assert error in polled.error
    assert ImportRun.objects.count() == 1

    remote.will_answer(ncmec_page(image(1), image(2)))
    recovered = poll()
    assert remote.asked[-1][0] == following
    assert ids() == {"7/inv-1", "7/inv-2"}
    assert (recovered.failures, recovered.error) == (0, "")


def test_an_exchange_that_asks_for_patience_gets_it(remote, exchange):
    remote.answers.append((429, {"Retry-After": "900"}, b""))
    before = timezone.now()
    polled = poll()
    assert polled.next_poll_at >= before + timedelta(seconds=900)
    assert exchanges.claim_due() is None


def test_failures_back_off_to_an_hour_at_most(remote, exchange):
    waits = []
    for _ in range(8):
        remote.answers.append((503, {}, b""))
        before = timezone.now()
        waits.append(round((poll().next_poll_at - before).total_seconds() / 60))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_page_that_names_itself_does_not_go_round_for_ever(remote, exchange):
    page = ncmec_page(image(1), following="/v2/entries?start=2")
    remote.will_answer(page, page)
    assert "names itself" in poll().error


def test_an_address_that_is_not_set_fails_without_a_request(remote, exchange, settings):
    settings.EXCHANGE_NCMEC_URL = ""
    assert "not set, or not allowed" in poll().error
    assert remote.asked == []


def test_one_worker_at_a_time_polls_and_a_dead_one_is_replaced(exchange):
    assert exchanges.claim_due() is not None
    assert exchanges.claim_due() is None
    Exchange.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert exchanges.claim_due() is not None


def test_polls_that_fail_for_long_make_the_list_late(exchange):
    assert not exchange.is_late
    exchange.succeeded_at = timezone.now() - timedelta(minutes=181)
    assert exchange.is_late


def test_the_command_sets_polling_up_and_switches_it_off(ncmec, curator):
    call_command("connect_exchange", "ncmec", kind="ncmec", minutes=30, user="curator")
    assert Exchange.objects.get().minutes == 30
    call_command("connect_exchange", "ncmec", off=True, user="curator")
    assert exchanges.claim_due() is None
