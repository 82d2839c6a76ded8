"""The checklist of the sandbox: what a client must do, what it did, and whether it fails open."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from matching.portal.runs import PYTHON
from matching.sandbox import FIXTURES, fixture_of, note_reaction
from tests.cast import NARRATOR, Customer
from tests.served import Served, over_a_socket

INTEGRATION = "/portal/acme/integration"


def note(customer: Customer, name: str, reaction: str) -> None:
    fixture = fixture_of(name)
    assert fixture
    note_reaction(tenant=customer.tenant, fixture=fixture, reaction=reaction, actor=NARRATOR)


@pytest.mark.django_db
class TestPage:
    def test_error_let_through_is_told_in_red(self, developer, acme):
        note(acme, "provoked-internal-error", "passed")
        page = developer.get(INTEGRATION).content.decode()

        assert "Your client fails open" in page
        assert page.count('class="fails-open"') == 1

    def test_all_as_it_should_be_is_proven(self, developer, acme):
        for fixture in FIXTURES:
            cleared = fixture.expected.verdict == "no_known_match"
            note(acme, fixture.name, "passed" if cleared else "held")
        page = developer.get(INTEGRATION).content.decode()

        assert "<strong>Proven</strong>" in page
        assert "not tried" not in page

    def test_what_rival_did_is_not_shown(self, developer, rival):
        note(rival, "unknown", "passed")

        assert developer.get(INTEGRATION).context["counts"]["missing"] == len(FIXTURES)

    def test_fixture_is_a_file(self, developer):
        answer = developer.get(f"{INTEGRATION}/not-checked")

        assert answer.content.startswith(b"\x89PNG")
        assert answer["Content-Disposition"] == 'attachment; filename="not-checked.png"'

    def test_fixture_that_is_none_is_not_found(self, developer):
        assert developer.get(f"{INTEGRATION}/nonsense").status_code == 404


class TestOverASocket:
    pytestmark = over_a_socket

    def test_lines_work_as_they_stand(self, served: Served) -> None:
        ran = subprocess.run(
            [sys.executable, "-c", PYTHON.format(url=served.url)],
            env={**os.environ, "KEY": served.key},
            capture_output=True,
            text=True,
            check=False,
        )

        assert ran.stderr == ""
        said = [line.split() for line in ran.stdout.splitlines()]
        assert [line[2] for line in said] == [fixture.name for fixture in FIXTURES]
        assert {line[0] for line in said} == {"right"}
