"""Let a log grow before its witness: prints what the API answers about it, as JSON."""

import json
import sys
from itertools import combinations, pairwise
from typing import Any

from django.conf import settings
from django.test import Client

import tests.benchmarks.configured  # noqa: F401 models need it
from tenants.acting import SERVICE, acting_as
from tenants.audit.seal import seal_pending
from tenants.audit.witness import ask_witness

# Sizes around powers of two, and one beyond a whole tile of stored nodes.
GROWTH = (1, 2, 5, 25, 31, 60, 132, 150)


class Asking:
    """The API, asked in this process."""

    def __init__(self, secret: str) -> None:
        self._client = Client(SERVER_NAME="127.0.0.1")
        self._headers = {"Authorization": f"Bearer {secret}"}

    def text(self, path: str, **query: Any) -> str:
        answer = self._client.get(path, query, headers=self._headers)
        if answer.status_code != 200:
            raise ValueError(f"{path}: {answer.status_code} {answer.content!r}")
        return answer.content.decode()

    def told(self, path: str, **query: Any) -> Any:
        return json.loads(self.text(path, **query))


def main() -> None:
    api = Asking(sys.argv[1])
    checkpoints = [grown(api, count) for count in GROWTH]
    sizes = [int(note.split("\n")[1]) for note in checkpoints]
    events = api.told("/v1/audit/events", limit=1000)["events"][: sizes[-1]]
    proofs = [api.told("/v1/audit/proof", sequence=event["sequence"]) for event in events]
    pairs = sorted({*combinations(sizes, 2), *pairwise(sizes)})
    steps = [api.told("/v1/audit/consistency", from_size=a, to_size=b) for a, b in pairs]
    told = {
        "checkpoints": checkpoints,
        "events": events,
        "proofs": proofs,
        "consistency": steps,
        "key": proofs[0]["public_key"],
        "witness": settings.AUDIT_WITNESS_KEY,
    }
    print(json.dumps(told))


def grown(api: Asking, count: int) -> str:
    """The checkpoint, cosigned, after so many more calls, each of which is an event."""
    for _ in range(count):
        api.told("/v1/key")
    with acting_as(SERVICE):
        seal_pending()
        size = api.text("/v1/audit/checkpoint")
        ask_witness()
    note = api.text("/v1/audit/checkpoint")
    if note.split("\n")[1] != size.split("\n")[1]:
        raise ValueError("somebody else seals this log")
    return note


if __name__ == "__main__":
    main()
