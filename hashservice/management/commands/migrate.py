"""`migrate` as the role that owns the tables: the runtime role may not change them."""

from django.core.management.base import CommandParser
from django.core.management.commands import migrate

from hashservice.database import OWNER


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER)
