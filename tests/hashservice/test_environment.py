"""Settings that can not be read fail loudly and by name."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from hashservice.environment import Environment


def test_number_that_is_none_is_refused_by_name():
    with pytest.raises(ImproperlyConfigured, match="WEB_WORKERS"):
        Environment({"WEB_WORKERS": "many"}).number("WEB_WORKERS", default=2)


def test_flag_that_is_none_is_refused_by_name():
    with pytest.raises(ImproperlyConfigured, match="HASHSERVICE_PRODUCTION"):
        Environment({"HASHSERVICE_PRODUCTION": "maybe"}).flag(
            "HASHSERVICE_PRODUCTION", default=False
        )


@pytest.mark.parametrize("value", ["10.0.0.1/8", "everywhere", "10.0.0.0/8,x"])
def test_network_that_is_none_is_refused_by_name(value):
    with pytest.raises(ImproperlyConfigured, match="OUTGOING_DENIED_NETWORKS"):
        Environment({"OUTGOING_DENIED_NETWORKS": value}).networks("OUTGOING_DENIED_NETWORKS")


def test_list_of_numbers_with_something_else_in_it_is_refused_by_name():
    with pytest.raises(ImproperlyConfigured, match="OUTGOING_PORTS"):
        Environment({"OUTGOING_PORTS": "443,https"}).numbers("OUTGOING_PORTS", default=[443])


def test_missing_secret_stops_production(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        Environment({}).secret("SECRET_KEY", required=True, kept_in=tmp_path)


def test_secret_is_read_from_its_file(tmp_path):
    (tmp_path / "pepper").write_text("from a file\n")
    environment = Environment({"API_KEY_PEPPER_FILE": str(tmp_path / "pepper")})

    assert environment.secret("API_KEY_PEPPER", required=True, kept_in=tmp_path) == "from a file"


def test_secret_made_once_is_kept_and_private(tmp_path):
    first = Environment({}).secret("SECRET_KEY", required=False, kept_in=tmp_path)
    again = Environment({}).secret("SECRET_KEY", required=False, kept_in=tmp_path)

    assert first == again
    assert (tmp_path / "secrets" / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("address", ["sqlite:///db.sqlite3", "mysql://host/db"])
def test_only_postgresql_is_a_database(address):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        Environment({"DATABASE_URL": address}).database("DATABASE_URL")
