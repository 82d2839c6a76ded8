"""Keys under load: `python -m tests.benchmarks.keys --revocations 1000 --workers 4`.

Rotation while 50 requests a second go on; revocation, asked about of every web process, the second
half with Valkey stopped; every secret that was issued looked for in all that was kept: files, logs,
a dump of the database, Valkey; and the pepper changed under all these keys.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
from unittest.mock import patch

from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.keys.office import Key, Office
from tests.benchmarks.keys.traces import traces
from tests.benchmarks.keys.trials import revocation, rotation

PLENTY = "1000000000"
KEYS_UNDER_OLD_PEPPER = 100


def open_office(installed: Installation) -> Office:
    made = json.loads(
        installed.run("manage", "create_tenant", "Keys", "--plan", "unlimited", "--json")
    )
    keeper = Key(made["key_id"], made["secret"])
    return Office(installed.port, keeper.secret, issued=[keeper])


def under_a_new_pepper(installed: Installation, office: Office, keys: list[Key]) -> str:
    """Serve with another pepper, and then without the one before: keys that were used work on."""
    before = (installed.folder / "secrets" / "api_key_pepper").read_text("utf8").strip()
    after, works = secrets.token_urlsafe(32), []
    for previous in (before, ""):
        variables = {"API_KEY_PEPPER": after, "API_KEY_PEPPER_PREVIOUS": previous}
        with patch.dict(os.environ, variables), installed.serving():
            works.append(sum(office.ask_once(key.secret)[0] == 200 for key in keys))
    return (
        f"of {len(keys)} keys {works[0]} work under a new pepper,"
        f" {works[1]} when the one before is gone"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revocations", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=4)
    arguments = parser.parse_args()
    with (
        patch.dict(os.environ, {"FAILED_AUTHENTICATIONS_PER_MINUTE": PLENTY}),
        installation(workers=arguments.workers) as installed,
    ):
        with installed.serving():
            office = open_office(installed)
            print(rotation(office), flush=True)
            print(revocation(office, installed, arguments.revocations), flush=True)
            good = [office.issue() for _ in range(KEYS_UNDER_OLD_PEPPER)]
            print(traces(installed, office.issued), flush=True)
        print(under_a_new_pepper(installed, office, good), flush=True)


if __name__ == "__main__":
    main()
