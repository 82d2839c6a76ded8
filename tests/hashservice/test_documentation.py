"""What the code offers and what the documents say are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hashservice.errors import BY_STATUS, INTERNAL, PROBLEMS
from tenants.audit.actions import ACTIONS
from tenants.keys import SCOPES
from tenants.webhooks import EVENTS

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text("utf8")
ENV_EXAMPLE = (ROOT / ".env.example").read_text("utf8")
SETTINGS = (ROOT / "hashservice" / "settings.py").read_text("utf8")

READ = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', SETTINGS))
EXPLAINED = set(re.findall(r"^([A-Z_]+)=", ENV_EXAMPLE, flags=re.MULTILINE))


@pytest.mark.parametrize("name", sorted(READ))
def test_every_variable_that_is_read_is_explained(name):
    assert name in EXPLAINED


@pytest.mark.parametrize("name", sorted(EXPLAINED))
def test_every_variable_that_is_explained_is_read(name):
    assert name in READ


@pytest.mark.parametrize("name", sorted(READ))
def test_every_variable_stands_in_the_configuration_table(name):
    assert f"`{name}`" in README


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_every_scope_is_documented(scope):
    assert f"`{scope}`" in README


@pytest.mark.parametrize(
    "code", sorted({p.code for p in [*PROBLEMS.values(), *BY_STATUS.values(), INTERNAL]})
)
def test_every_error_code_is_documented(code):
    assert f"`{code}`" in README


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_audit_action_is_documented(action):
    assert f"`{action}`" in README


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_every_webhook_event_is_documented(event):
    assert f"`{event}`" in README
