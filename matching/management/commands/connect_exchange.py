"""`connect_exchange SLUG`: poll an exchange for a list, or stop doing so."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.importers import exchanges
from matching.management.arguments import curator_named, list_named
from matching.models import Exchange, ExchangeKind

FEWEST_MINUTES = 5


class Command(BaseCommand):
    help = (
        "Poll an exchange for a hash list from now on, or with --off no more. Where it is and how "
        "to sign in stands in the settings EXCHANGE_…; entries wait for approval like any others."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--kind", choices=ExchangeKind.values)
        parser.add_argument("--minutes", type=int, default=60, help="between two polls")
        parser.add_argument("--off", action="store_true")
        parser.add_argument("--as", required=True, metavar="USER", dest="user")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        hash_list, actor = list_named(options["slug"]), curator_named(options["user"])
        if options["off"]:
            exchange = Exchange.objects.filter(hash_list=hash_list).first()
            if exchange is None:
                raise CommandError(f"{hash_list} has no exchange.")
            exchanges.disconnect(exchange=exchange, actor=actor)
            return
        if options["kind"] is None:
            raise CommandError("--kind is needed.")
        if options["minutes"] < FEWEST_MINUTES:
            raise CommandError(f"--minutes must be {FEWEST_MINUTES} or more.")
        exchanges.connect(
            hash_list=hash_list, kind=options["kind"], minutes=options["minutes"], actor=actor
        )
