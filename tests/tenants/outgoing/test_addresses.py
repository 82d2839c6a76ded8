"""No connection goes where it must not, however the address is written and whatever it becomes."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tenants import outgoing
from tenants.outgoing import AddressRefused
from tests.tenants.outgoing.hosts import ELSEWHERE, HERE, answering, listening, resolving

NOT_PUBLIC = [
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1"),
    *("017700000001", "0177.0.0.1", "0", "0.0.0.1", "00000177.0.0.1", "127.0.0.1."),
    "0.0.0.0",  # noqa: S104 it is not bound
    *("10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.31.196.1"),
    *("192.52.193.1", "192.88.99.1", "192.168.0.1", "192.175.48.1", "198.18.0.1", "198.19.255.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
    *("255.255.255.255", "168.63.129.16", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b::8.8.8.8]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2001::1]", "[2001:0:7f00:1::]", "[2001:2::1]", "[2001:10::1]", "[2001:db8::1]"),
    *("[3fff::1]", "[100::1]", "[5f00::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]"),
    *("[fe80::1%25eth0]", "[fec0::1]", "[ff02::1]", "[2620:4f:8000::1]", "[4000::1]"),
    *("[2606:4700::5efe:7f00:1]", "[2606:4700::200:5efe:7f00:1]", "[0::ffff:0:127.0.0.1]"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "[2606:4700::1111]", "[2a00:1450::1]"]
MALFORMED = [
    *("file:///etc/passwd", "ftp://8.8.8.8/", "gopher://8.8.8.8/_x", "data:image/png;base64,AA"),
    *("dict://8.8.8.8:443/", "javascript:alert(1)", "//8.8.8.8/", "8.8.8.8", "", "https://"),
    *("https://user@8.8.8.8/", "https://user:pw@8.8.8.8/", "https://@8.8.8.8/"),
    *("https://8.8.8.8:0/", "https://8.8.8.8:65536/", "https://8.8.8.8:443x/", "https://[::1/"),
    *("https://8.8.8.8\\@127.0.0.1/", "https://8.8.8.8/a b", "https://8.8.8.8/\r\nX: y"),
    *("https://\u2487.example/", "https://b\u00fccher.example/", "https://%31%32%37.0.0.1/"),
    *("https://exa mple.org/", "https://a..b/", "https://.a/", "https://-/x\x00", "https://a%2fb/"),
    *("https://" + "a" * 64 + ".org/", "https://8.8.8.8/" + "a" * 2048, "http://8.8.8.8/"),
    *("https://256.256.256.256/", "https://1.2.3.4.5/", "https://0x/", "https://1.2.3/"),
]


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that a socket was to be connected to; none is."""
    tried: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


def fetched(url: str) -> outgoing.Answer:
    return outgoing.fetch(url, most_bytes=100_000, seconds=10, accept="*/*")


def test_table_is_long_enough():
    assert len(NOT_PUBLIC) >= 60


@pytest.mark.parametrize("host", NOT_PUBLIC)
def test_address_that_is_not_public_is_refused_and_nothing_connected(host, attempts):
    with pytest.raises(AddressRefused):
        fetched(f"https://{host}/image.jpg")
    assert attempts == []


@pytest.mark.parametrize("host", PUBLIC)
def test_public_address_is_connected_to(host, attempts):
    with pytest.raises(outgoing.NotReached):
        fetched(f"https://{host}/image.jpg")
    assert attempts == [host.strip("[]")]


@pytest.mark.parametrize("url", MALFORMED)
def test_address_that_can_be_read_in_two_ways_or_none_is_refused(url, attempts):
    with pytest.raises(AddressRefused):
        fetched(url)
    assert attempts == []


def test_port_that_is_not_for_the_web_is_refused(attempts):
    with pytest.raises(AddressRefused):
        fetched("https://8.8.8.8:6379/")
    assert attempts == []


def test_network_that_the_operator_denied_is_refused_though_public(settings, attempts):
    settings.OUTGOING_DENIED_NETWORKS = ["8.8.8.0/24"]
    with pytest.raises(AddressRefused):
        fetched("https://8.8.8.8/")
    assert attempts == []


@pytest.fixture
def here_only(settings: Any) -> None:
    """One address of loopback plays the public host; all others stay forbidden."""
    settings.OUTGOING_ALLOWED_NETWORKS, settings.OUTGOING_HTTP = [f"{HERE}/32"], True


@pytest.mark.usefixtures("here_only")
def test_name_that_leads_elsewhere_a_moment_later_gains_nothing(monkeypatch):
    """DNS rebinding: 1,000 tries against a name server that changes its mind at every question."""
    with (
        listening(answering(), HERE) as public,
        listening(answering(), ELSEWHERE) as forbidden,
        resolving(lambda number: [ELSEWHERE if number % 2 else HERE], monkeypatch) as resolver,
    ):
        refused = 0
        for _ in range(1_000):
            try:
                fetched(f"http://rebinding.example:{public.port}/")
            except AddressRefused:
                refused += 1

        assert resolver.questions == 1_000  # one a request: what was checked is what is used
        assert (public.connections, refused, forbidden.connections) == (500, 500, 0)


@pytest.mark.usefixtures("here_only")
def test_name_with_one_forbidden_address_among_good_ones_is_refused(monkeypatch, attempts):
    mixed = resolving(lambda _: [HERE, HERE, ELSEWHERE], monkeypatch)
    with mixed, pytest.raises(AddressRefused):
        fetched("http://mixed.example:8080/")
    assert attempts == []


@pytest.mark.parametrize("addresses", [[], [ELSEWHERE]], ids=["unknown", "internal"])
@pytest.mark.usefixtures("here_only")
def test_unknown_name_is_refused_in_the_words_of_an_internal_one(monkeypatch, addresses):
    words = r"^The address has to be a public https address"
    with resolving(lambda _: addresses, monkeypatch), pytest.raises(AddressRefused, match=words):
        outgoing.check("http://name.example/")
