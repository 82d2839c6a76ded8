"""One effect, and figures that can be counted again: `python -m tests.benchmarks.exactness`.

Fifty parallel POSTs with one `Idempotency-Key` over HTTP, again and again, on many web processes;
then mixed calls of which the clients keep a tally, held against `/v1/usage`.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from hashservice.demo.copies import rendered_pictures
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.keys.office import Caller

AT_ONCE, CLIENTS = 50, 8
PICTURES = rendered_pictures().unknown
JPEG, ND_JSON = {"Content_Type": "image/jpeg"}, {"Content_Type": "application/x-ndjson"}
LINE = b'{"md5": "d41d8cd98f00b204e9800998ecf8427e"}\n'
UNITS = "SELECT coalesce(sum(units), 0) FROM tenants_usageday"  # of the one tenant there is
KEY_TERMS = {"name": "once", "environment": "live", "scopes": ["match"]}


@dataclass(frozen=True)
class Post:
    """A POST that is sent by many at once, and the statement that counts its effects."""

    path: str
    body: object
    kind: dict[str, str]
    effects: str


POSTS = (
    Post("/v1/keys", KEY_TERMS, {}, "SELECT count(*) FROM tenants_apikey WHERE name = 'once'"),
    Post("/v1/match", PICTURES[0], JPEG, "SELECT count(*) FROM matching_submission"),
    Post("/v1/batches", LINE * 3, ND_JSON, "SELECT count(*) FROM matching_batch"),
)


def repeated(installed: Installation, secret: str, post: Post, rounds: int) -> str:
    """Rounds of the same POST by all at once, each round under a name of its own."""
    callers = [Caller(installed.port) for _ in range(AT_ONCE)]
    statuses, bodies, before = Counter[int](), 0, _count(installed, post.effects)
    for number in range(rounds):
        answers = _at_once(callers, secret, post, name=f"round {number}")
        settled = callers[0].ask(
            secret, "POST", post.path, post.body, Idempotency_Key=f"round {number}", **post.kind
        )
        statuses.update(status for status, _ in answers)
        bodies += len({body for status, body in [*answers, settled] if status < 400})
    effects = _count(installed, post.effects) - before
    return (
        f"{post.path}: {rounds} times {AT_ONCE} at once: {effects} effects, {bodies} bodies;"
        f" answers {dict(sorted(statuses.items()))}"
    )


def _at_once(
    callers: Sequence[Caller], secret: str, post: Post, *, name: str
) -> list[tuple[int, bytes]]:
    start = threading.Barrier(len(callers))

    def ask(caller: Caller) -> tuple[int, bytes]:
        start.wait()
        told = {"Idempotency_Key": name, **post.kind}
        return caller.ask(secret, "POST", post.path, post.body, **told)

    with ThreadPoolExecutor(len(callers)) as threads:
        return list(threads.map(ask, callers))


def _count(installed: Installation, statement: str) -> int:
    with installed.rows() as connection:
        row = connection.execute(statement).fetchone()
    return int(str(row[0])) if row else 0


@dataclass
class Tally:
    """What the clients were answered, counted by themselves."""

    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **counts: int) -> None:
        with self.lock:
            self.counts.update(counts)


def mixed_call(caller: Caller, secret: str, tally: Tally, rng: random.Random) -> None:
    """One of the calls that count differently."""
    picture = rng.choice(PICTURES)
    items = rng.randint(1, 25)
    match rng.randrange(4):
        case 0:
            status, body = caller.ask(secret, "POST", "/v1/match", picture, **JPEG)
            tally.add(submissions=1, bytes=len(picture), units=1, **_found([json.loads(body)]))
        case 1:
            sent = {"items": [{"md5": rng.randbytes(16).hex()} for _ in range(items)]}
            status, body = caller.ask(secret, "POST", "/v1/match/hashes", sent)
            told = json.loads(body)["results"]
            tally.add(submissions=items, units=-(-items // 10), **_found(told))
        case 2:
            status, _ = caller.ask(secret, "POST", "/v1/match", b"no image", **JPEG)
            tally.add(rejected=1, units=1)
        case _:
            status, _ = caller.ask(secret, "GET", "/v1/submissions/sub_unknown")
            tally.add(rejected=1)
    if status >= 500:
        tally.add(errors=1)


def _found(results: Sequence[dict[str, str]]) -> dict[str, int]:
    verdicts = Counter(result["verdict"] for result in results)
    return {"matches": verdicts["match"], "not_checked": verdicts["not_checked"]}


def recounted(installed: Installation, secret: str, calls: int) -> str:
    """The clients' tally of `calls` against the service's figures."""
    before, tally = _used(installed, secret), Tally()

    def ask(seed: int) -> None:
        caller, rng = Caller(installed.port), random.Random(seed)
        for _ in range(calls // CLIENTS):
            mixed_call(caller, secret, tally, rng)

    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(ask, range(CLIENTS)))
    used = _used(installed, secret) - before
    apart = {name: (tally.counts[name], used[name]) for name in tally.counts | used}
    wrong = {name: pair for name, pair in apart.items() if pair[0] != pair[1]}
    return f"{calls} mixed calls: {dict(tally.counts)}; figures that differ: {wrong or 'none'}"


def _used(installed: Installation, secret: str) -> Counter[str]:
    _, body = Caller(installed.port).ask(secret, "GET", "/v1/usage")
    used = Counter[str](units=_count(installed, UNITS))
    for day in json.loads(body)["days"]:
        used.update({name: count for name, count in day.items() if isinstance(count, int)})
    return used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=4)
    arguments = parser.parse_args()
    with installation(workers=arguments.workers) as installed, installed.serving():
        made = installed.run("manage", "create_tenant", "Once", "--plan", "unlimited", "--json")
        secret = json.loads(made)["secret"]
        print(recounted(installed, secret, arguments.calls), flush=True)
        for post in POSTS:  # the last, since a batch counts when it is worked on
            print(repeated(installed, secret, post, arguments.rounds), flush=True)


if __name__ == "__main__":
    main()
