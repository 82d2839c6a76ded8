"""Webhooks while the receiver is down, the courier is killed and the broker forgets everything.

    python -m tests.benchmarks.webhooks

Events are told to a receiver that is down for 30 simulated minutes: after each kill of the courier,
in the middle of a try, the clock of all that waits is put forward. Then the receiver is up again.
Every event must have been taken exactly as it was put up, under one id, verified by the published
library. After that a tenant with a backlog for a host that never answers stands beside one whose
host is well: told is how long the latter waits for its events. Ends with 1 when something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from unittest.mock import patch

from standardwebhooks import Webhook, WebhookVerificationError

from tests.benchmarks import faults
from tests.benchmarks.client import Client
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.processes import Part

KILLS: Final = 20
MINUTES_DOWN: Final = 30
EVENTS_A_KILL: Final = 3
WIPED_EVERY: Final = 5
BACKLOG: Final = 300
ASKED: Final = 25
PATIENCE_SECONDS: Final = 600.0
REACHABLE = {"OUTGOING_HTTP": "1", "OUTGOING_ALLOWED_NETWORKS": "127.0.0.0/8"}
# All that waits for a time waits that much less.
PUT_FORWARD = """
    WITH moved AS (
        UPDATE tenants_webhookendpoint SET paused_until = paused_until - %(by)s::interval)
    UPDATE tenants_webhookdelivery
       SET next_attempt_at = next_attempt_at - %(by)s::interval,
           leased_until = leased_until - %(by)s::interval
     WHERE state = 'pending'
"""


class Receiver(ThreadingHTTPServer):
    """Takes webhooks at `/hook`, or is down; `/dead` never answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.is_up, self.begun = False, threading.Event()
        self.tries: dict[str, list[tuple[bytes, dict[str, str]]]] = defaultdict(list)
        self.taken: dict[str, float] = {}  # the first time that an event was answered with 200

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed courier hangs up; that is what this is about."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/dead":
            time.sleep(PATIENCE_SECONDS)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        name = headers["webhook-id"]
        self.server.tries[name].append((body, headers))
        self.server.begun.set()
        if not self.server.is_up:
            time.sleep(0.3)  # so that the courier can die over it
            self._answer(503)
            return
        self._answer(200)
        self.server.taken.setdefault(name, time.monotonic())

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 as it is inherited
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.shutdown()


def tenant(installed: Installation, name: str) -> Client:
    made = installed.run("manage", "create_tenant", name, "--plan", "unlimited", "--json")
    return Client(installed.port, json.loads(made)["secret"])


def register(client: Client, url: str) -> dict[str, Any]:
    return client.ask_json("POST", "/v1/webhooks", {"url": url, "events": ["endpoint.test"]})


def tell(client: Client, endpoint: dict[str, Any], times: int) -> None:
    """Each is an event of its own, put up in the transaction of its audit row."""
    for _ in range(times):
        client.ask_json("POST", f"/v1/webhooks/{endpoint['id']}/test", {})


def put_up(installed: Installation, endpoint: dict[str, Any]) -> dict[str, str]:
    """The events put up for an endpoint, with their bodies, as the database has them."""
    with installed.rows() as connection:
        found = connection.execute(
            "SELECT d.event_id, d.body FROM tenants_webhookdelivery d"
            " JOIN tenants_webhookendpoint e ON e.id = d.endpoint_id WHERE e.public_id = %s",
            [endpoint["id"]],
        )
        return dict(found.fetchall())


def stay_down(installed: Installation, receiver: Receiver, client: Client, hook: Any) -> int:
    """Kill the courier in the middle of a try, again and again; how often it was."""
    killed = 0
    for number in range(KILLS):
        tell(client, hook, EVENTS_A_KILL)
        receiver.begun.clear()
        if not receiver.begun.wait(PATIENCE_SECONDS):
            raise TimeoutError("nobody tries to deliver any more")
        killed += faults.kill(installed, Part.COURIER)
        if number % WIPED_EVERY == 0:
            faults.wipe_broker(installed)
        with installed.rows() as connection:
            connection.execute(PUT_FORWARD, {"by": f"{MINUTES_DOWN / KILLS} minutes"})
    return killed


def wait_until_taken(receiver: Receiver, events: dict[str, str], installed: Installation) -> float:
    """Seconds until all of `events` were taken, with time put forward for what waits long."""
    began = time.monotonic()
    while events.keys() - receiver.taken.keys():
        if time.monotonic() - began > PATIENCE_SECONDS:
            break
        time.sleep(1)
        with installed.rows() as connection:
            connection.execute(PUT_FORWARD, {"by": "1 minute"})
    return time.monotonic() - began


def wrong_tries(receiver: Receiver, events: dict[str, str], secret: str) -> int:
    """Tries whose body is not what was put up under that id, or that the library refuses."""
    verifier, wrong = Webhook(secret), 0
    for name, tries in receiver.tries.items():
        for body, _ in tries:
            wrong += events.get(name, "").encode() != body
        try:
            verifier.verify(*tries[-1])
        except WebhookVerificationError:
            wrong += 1
    return wrong


def seconds_to_hear(receiver: Receiver, client: Client, hook: Any, installed: Installation) -> Any:
    """From the answer to the call that put the event up until it was received; one by one."""
    waits = []
    for _ in range(ASKED):
        before = set(receiver.taken)
        tell(client, hook, 1)
        asked = time.monotonic()
        while not (new := receiver.taken.keys() - before):
            if time.monotonic() - asked > PATIENCE_SECONDS:
                raise TimeoutError("an event was not delivered")
            time.sleep(0.01)
        waits.append(receiver.taken[new.pop()] - asked)
    return sorted(waits)


def trial() -> bool:
    with installation(workers=1) as installed, patch.dict(os.environ, REACHABLE):
        installed.run("manage", "migrate")
        client, other = tenant(installed, "Well"), tenant(installed, "Dead")
        with receiving() as receiver, installed.serving():
            hook = register(client, receiver.url("/hook"))
            killed = stay_down(installed, receiver, client, hook)
            receiver.is_up = True
            events = put_up(installed, hook)
            seconds = wait_until_taken(receiver, events, installed)
            lost = len(events.keys() - receiver.taken.keys())
            wrong = wrong_tries(receiver, events, hook["secret"])
            tries = sum(map(len, receiver.tries.values()))
            print(
                f"{len(events)} events, courier processes killed {killed} in {KILLS} rounds,"
                f" {tries} tries; {lost} lost, {wrong} tries wrong;"
                f" all taken {seconds:.1f} s after the receiver was up",
                flush=True,
            )
            alone = seconds_to_hear(receiver, client, hook, installed)
            dead = register(other, receiver.url("/dead"))
            tell(other, dead, BACKLOG)
            beside = seconds_to_hear(receiver, client, hook, installed)
    for name, waits in (("alone", alone), (f"beside {BACKLOG} events for a dead host", beside)):
        median = statistics.median(waits)
        print(f"an event arrives after {median:.2f} s (slowest {waits[-1]:.2f}), {name}")
    return not lost and not wrong


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(not trial())
