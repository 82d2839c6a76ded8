"""The description of the API, where Schemathesis found it wider than the service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

MAY_BE_LEFT_OUT = {"change_webhook", "rotate_webhook_secret"}


@pytest.fixture(scope="module")
def bodies() -> dict[str, dict[str, Any]]:
    """What every operation takes, by its id."""
    described = json.loads(Client().get("/v1/openapi.json").content)
    operations = [each for path in described["paths"].values() for each in path.values()]
    return {
        each["operationId"]: each["requestBody"] for each in operations if "requestBody" in each
    }


def test_a_body_that_is_needed_is_said_to_be(bodies):
    assert {name for name, body in bodies.items() if not body.get("required")} == MAY_BE_LEFT_OUT


@pytest.mark.parametrize("name", ["match", "submit_batch"])
def test_a_file_is_said_to_hold_something(bodies, name):
    kinds = [kind["schema"] for kind in bodies[name]["content"].values()]
    files = [schema for schema in kinds if schema.get("format") == "binary"]

    assert files
    assert all(schema["minLength"] == 1 for schema in files)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("FeedbackRequest", "note"),
        ("ImageJsonRequest", "content_id"),
        ("HashItemRequest", "content_id"),
        ("NewWebhookRequest", "description"),
        ("PatchedChangesRequest", "description"),
        ("LeakRequest", "found_at"),
    ],
)
def test_a_text_that_may_be_empty_has_one_form(body, field):
    described = json.loads(Client().get("/v1/openapi.json").content)
    schema = described["components"]["schemas"][body]["properties"][field]

    [form] = schema["anyOf"]
    assert "oneOf" not in schema
    assert form["type"] == "string"
    assert form["maxLength"] > 0
    assert "minLength" not in form


def test_an_image_in_json_is_given_by_its_bytes_or_by_its_address():
    described = json.loads(Client().get("/v1/openapi.json").content)
    schema = described["components"]["schemas"]["ImageJsonRequest"]

    assert schema["oneOf"] == [{"required": ["image"]}, {"required": ["url"]}]
    assert schema["additionalProperties"] is False
