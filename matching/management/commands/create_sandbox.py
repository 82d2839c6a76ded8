"""`create_sandbox --as USER --approved-by OTHER`: the list of benign pictures for integrators."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.curation import FourEyesRequired
from matching.management.arguments import curator_named
from matching.sandbox import FIXTURES, set_up


class Command(BaseCommand):
    help = "Put the sandbox's pictures on their list; does nothing when they are there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as", dest="adder", required=True, metavar="USER")
        parser.add_argument("--approved-by", required=True, metavar="OTHER")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        adder = curator_named(options["adder"])
        approver = curator_named(options["approved_by"])
        try:
            hash_list = set_up(adder=adder, approver=approver)
        except FourEyesRequired as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The list {hash_list.slug} is in force; {len(FIXTURES)} fixtures.")
