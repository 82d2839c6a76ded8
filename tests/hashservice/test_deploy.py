"""What lies in deploy/ fits the project: variables that are documented, commands that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
DOCUMENTED = set(re.findall(r"^(\w+)=", (PROJECT / ".env.example").read_text("utf8"), re.MULTILINE))
SETTINGS = (PROJECT / "hashservice" / "settings.py").read_text("utf8")
NEEDED_SECRETS = set(re.findall(r'env\.secret\(\s*"(\w+)",\s*required=PRODUCTION', SETTINGS))
OWN_PROCESSES = ("web", "worker", "courier", "sealer", "beat", "migrate")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf8"))["services"]
    return found


@pytest.mark.parametrize("name", OWN_PROCESSES)
def test_compose_sets_only_documented_variables(services: dict[str, Any], name: str) -> None:
    given = {variable.removesuffix("_FILE") for variable in services[name]["environment"]}
    assert given
    assert given <= DOCUMENTED


@pytest.mark.parametrize("name", OWN_PROCESSES)
def test_compose_gives_every_secret_that_production_needs(
    services: dict[str, Any], name: str
) -> None:
    assert {"SECRET_KEY", "API_KEY_PEPPER"} <= NEEDED_SECRETS
    for secret in NEEDED_SECRETS:
        file = Path(services[name]["environment"][f"{secret}_FILE"])
        assert file.name in services[name]["secrets"]


def test_image_is_built_with_a_stand_in_for_every_secret() -> None:
    image = (DEPLOY / "Dockerfile").read_text("utf8")
    assert set(re.findall(r"(\w+)=none\b", image)) == NEEDED_SECRETS | {"ALLOWED_HOSTS"}


def test_image_holds_the_client_that_the_portal_offers() -> None:
    assert "COPY deploy/client ./deploy/client" in (DEPLOY / "Dockerfile").read_text("utf8")
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text("utf8").splitlines()
    assert "!deploy/client" in kept


@pytest.mark.parametrize("name", OWN_PROCESSES)
def test_compose_runs_our_processes_without_privileges(services: dict[str, Any], name: str) -> None:
    assert services[name]["read_only"] is True
    assert services[name]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in services[name]["security_opt"]


def test_only_the_migration_gets_the_owners_password(services: dict[str, Any]) -> None:
    having = [name for name in OWN_PROCESSES if "database_owner_url" in services[name]["secrets"]]
    assert having == ["migrate"]


def test_every_secret_that_compose_mounts_is_made() -> None:
    secrets = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf8"))["secrets"]
    maker = (DEPLOY / "make-secrets").read_text("utf8")
    assert [name for name in secrets if not re.search(rf"\b{name}\b", maker)] == []


def test_every_command_that_deploy_runs_exists() -> None:
    texts = [
        path.read_text("utf8")
        for path in DEPLOY.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    ]
    run = re.findall(r"""manage\.py[\s"',]+(\w+)""", "\n".join(texts))
    assert {"process", "migrate", "collectstatic"} <= set(run)
    assert set(run) <= set(get_commands())
