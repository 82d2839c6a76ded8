"""The database that tests run on, as in production: one role owns the tables, another works."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connections
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from hashservice.database import OWNER, RUNTIME
from matching.partial import live_partial
from matching.photodna import live_photodna
from matching.snapshot import live
from tenants.acting import SERVICE, acting_as
from tenants.throttling import failures

pytest_plugins = ["tests.cast", "tests.served"]

SEEDED = {"ContentType", "Permission", "Group", "Group_permissions", "Plan", "ListsVersion"}


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Made and migrated by the owner; the tests themselves run as the runtime role."""
    owner, runtime = connections[OWNER], connections[RUNTIME]
    before = owner.settings_dict["NAME"]
    with django_db_blocker.unblock():
        name = owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        runtime.close()
        runtime.settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock():
        runtime.close()
        owner.creation.destroy_test_db(before, verbosity=0)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, in its random order: no core is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def static_files_found_once() -> Iterator[None]:
    """Every test client builds the middleware anew, whose search for files takes 20 ms each."""
    found: dict[str, Any] = {}
    search = WhiteNoiseMiddleware.add_files_from_finders

    def find(self: WhiteNoiseMiddleware) -> None:
        if not found:
            search(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", find)
        yield


@pytest.fixture(autouse=True)
def narrators_view() -> Iterator[None]:
    """Tests themselves see the rows of all tenants; the requests they make begin as nobody."""
    with acting_as(SERVICE):
        yield


@pytest.fixture(autouse=True)
def fresh_index(tmp_path: Path, settings: Any) -> Iterator[None]:
    """Every test starts with an index that knows nothing, in a folder of its own."""
    settings.INDEX_DIR = tmp_path / "index"
    live.unload()
    live_partial.unload()
    live_photodna.unload()
    yield
    live.unload()
    live_partial.unload()
    live_photodna.unload()


@pytest.fixture(autouse=True)
def fresh_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests call from one address: what failed in one must not count in another."""
    monkeypatch.setattr(failures, "BUCKET", f"failed:{secrets.token_hex(8)}")


@pytest.fixture(autouse=True)
def no_second_factor(settings: Any) -> None:
    """People in tests sign in by name alone; the tests of second factors ask for them."""
    settings.REQUIRE_MFA = False


def _delete_rows(_: TransactionTestCase) -> None:
    """After a test that commits: delete as the owner, for the runtime role may not.

    On a connection beside Django's, which lets a test use only the databases that it names.
    """
    owner = connections[OWNER]
    models = [m for m in apps.get_models(include_auto_created=True) if m.__name__ not in SEEDED]
    guarded = [model for model in models if getattr(model, "append_only", False)]
    with owner.get_new_connection(owner.get_connection_params()) as connection:
        cursor = connection.cursor()
        cursor.execute("UPDATE matching_listsversion SET version = 0, snapshot_id = NULL")
        for model in guarded:
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DISABLE TRIGGER USER')
        for model in models:
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608 a model's own name
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in guarded:
            _arm_triggers(cursor, model._meta.db_table)
        connection.commit()


def _arm_triggers(cursor: Any, table: str) -> None:
    cursor.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table]
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{name}"')


TransactionTestCase._fixture_teardown = _delete_rows  # type: ignore[method-assign]
