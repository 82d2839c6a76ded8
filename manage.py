#!/usr/bin/env python3
"""Django's command-line utility. The first run makes `.venv`; PostgreSQL and Valkey come along."""

import os
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 the one check that must run on an older Python
    sys.exit(f"hashservice needs Python 3.11 or newer; this is {sys.version.split()[0]}")

from hashservice import bootstrap, embedded
from tenants.acting import SERVICE, acting_as

ROOT = Path(__file__).resolve().parent
# `test` starts servers of its own; the others never touch one.
WITHOUT_SERVERS = {"help", "version", "--version", "--help", "-h"}
WITHOUT_SERVERS |= {"test", "collectstatic", "hash_images"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")
    try:
        bootstrap.ensure_environment(ROOT)
        if needs_servers(sys.argv[1:]):
            state_dir = Path(os.environ.get("HASHSERVICE_STATE_DIR") or ROOT / ".state")
            embedded.provide(os.environ, state_dir=state_dir, purpose="service")
        else:
            embedded.provide_nothing(os.environ)
    except (bootstrap.BootstrapError, embedded.EmbeddedError) as error:
        sys.exit(f"hashservice: {error}")

    from django.core.management import execute_from_command_line  # noqa: PLC0415 not there before

    with acting_as(SERVICE):  # commands look after all tenants
        execute_from_command_line(sys.argv)


def needs_servers(arguments: list[str]) -> bool:
    wants_help = not {"--help", "-h"}.isdisjoint(arguments)
    return bool(arguments) and not wants_help and arguments[0] not in WITHOUT_SERVERS


if __name__ == "__main__":
    main()
