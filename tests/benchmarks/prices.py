"""What calls take beside one another: `python -m tests.benchmarks.prices --url URL --key KEY`.

Medians over one connection to a running service. `matching/match/price.py` charges in proportion.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import time
from urllib.parse import urlsplit

from tests.pictures import as_bytes, render_picture

COUNTS = (1, 10, 100, 1_000)
SIDES = ((500, 375), (2_000, 1_500), (4_000, 3_000))
ROUNDS = 10


def items(count: int) -> bytes:
    return json.dumps({"items": [{"sha256": f"{number:064x}"} for number in range(count)]}).encode()


class Client:
    """One connection with a key."""

    def __init__(self, url: str, key: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._bearer = f"Bearer {key}"

    def median_ms(self, path: str, body: bytes, kind: str) -> float:
        return statistics.median(self._ms(path, body, kind) for _ in range(ROUNDS))

    def _ms(self, path: str, body: bytes, kind: str) -> float:
        start = time.perf_counter()
        headers = {"Content-Type": kind, "Authorization": self._bearer}
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise ConnectionError(f"answered with {answer.status}")
        return (time.perf_counter() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--key", required=True)
    arguments = parser.parse_args()
    client = Client(arguments.url, arguments.key)
    for count in COUNTS:
        took = client.median_ms("/v1/match/hashes", items(count), "application/json")
        print(f"{count} items: {took:.1f} ms", flush=True)
    for width, height in SIDES:
        picture = as_bytes(render_picture(1).resize((width, height)), "JPEG", quality=90)
        took = client.median_ms("/v1/match", picture, "image/jpeg")
        print(f"{width}x{height}: {took:.1f} ms", flush=True)


if __name__ == "__main__":
    main()
