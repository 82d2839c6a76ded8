"""Typed readers of the environment that fail loudly."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

CONNECTION_LIFETIME_SECONDS = 300
# Values travel apart from statements. psycopg prepares none by itself: it forgets all that are
# prepared whenever something is rolled back, those of `hashservice/postgres/kept.py` as well.
BINDING = {"server_side_binding": True, "prepare_threshold": None}


class Environment:
    """Reads settings from `variables`; every reader names the variable it could not use."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, name: str, *, default: str) -> str:
        return self._variables.get(name) or self._secret_file(name) or default

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._variables.get(name, "").lower()
        if value in {"", "0", "1", "true", "false", "yes", "no"}:
            return value in {"1", "true", "yes"} if value else default
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")

    def number(self, name: str, *, default: int, least: int = 1) -> int:
        value = self._variables.get(name) or str(default)
        if not value.isdecimal() or int(value) < least:
            raise ImproperlyConfigured(f"{name} must be a whole number from {least}, not {value!r}")
        return int(value)

    def words(self, name: str, *, default: list[str], required: bool = False) -> list[str]:
        value = self._variables.get(name, "")
        if required and not value:
            raise ImproperlyConfigured(f"{name} must be set in production")
        return [word.strip() for word in value.split(",") if word.strip()] or default

    def numbers(self, name: str, *, default: list[int]) -> list[int]:
        words = self.words(name, default=[])
        if not all(word.isdecimal() for word in words):
            raise ImproperlyConfigured(f"{name} must be whole numbers, separated by commas")
        return list(map(int, words)) or default

    def networks(self, name: str) -> list[str]:
        words = self.words(name, default=[])
        for word in words:
            try:
                ipaddress.ip_network(word)
            except ValueError as error:
                raise ImproperlyConfigured(f"{name}: {error}") from error
        return words

    def path(self, name: str, *, default: Path) -> Path:
        return Path(self._variables.get(name) or default).resolve()

    def secret(self, name: str, *, required: bool, kept_in: Path) -> str:
        """The secret from NAME or the file NAME_FILE; else one made once and kept in a folder."""
        value = self._variables.get(name) or self._secret_file(name)
        if value:
            return value
        if required:
            raise ImproperlyConfigured(f"{name} or {name}_FILE must be set in production")
        return _kept_secret(kept_in / "secrets" / name.lower())

    def optional_secret(self, name: str) -> str:
        """The secret from NAME or the file NAME_FILE; empty when there is none."""
        return self._variables.get(name) or self._secret_file(name)

    def database(self, name: str, *, fallback: str | None = None) -> dict[str, Any]:
        """Django's database settings from a `postgresql://` URL; PostgreSQL is the one database."""
        value = self._variables.get(name) or self._secret_file(name)
        if not value and fallback:
            return self.database(fallback)
        if not value:
            raise ImproperlyConfigured(
                f"{name} is not set: start through manage.py, which brings a database of its own"
            )
        if not value.startswith(("postgres://", "postgresql://")):
            raise ImproperlyConfigured(f"{name} must be a postgresql:// address")
        settings: dict[str, Any] = environ.Env.db_url_config(value)
        options = settings.setdefault("OPTIONS", {})
        # A socket's folder comes as an option; `dbshell` looks for it where hosts stand.
        settings["HOST"] = options.pop("host", "") or settings.get("HOST", "")
        options.update(BINDING)
        settings["ENGINE"] = "hashservice.postgres"
        settings["CONN_MAX_AGE"] = CONNECTION_LIFETIME_SECONDS
        settings["CONN_HEALTH_CHECKS"] = True
        return settings

    def mail(self, name: str, *, default: str) -> dict[str, Any]:
        """Django's `EMAIL_…` settings from an address like `smtp+tls://user:password@host:587`."""
        settings: dict[str, Any] = environ.Env.email_url_config(self.text(name, default=default))
        return settings

    def _secret_file(self, name: str) -> str:
        path = self._variables.get(f"{name}_FILE")
        return Path(path).read_text("utf8").strip() if path else ""


def _kept_secret(path: Path) -> str:
    """The secret in `path`, made at the first call; racing first calls all get the same one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), "utf8")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text("utf8")
