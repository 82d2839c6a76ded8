"""What clients of PhotoDNA Cloud send, sent over a socket, and read as they read it."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pdqhash
import pytest
from PIL import Image

from tests.served import PICTURES, Answer, Served, as_jpeg, form, over_a_socket

pytestmark = over_a_socket

MATCH = "/photodna/v1.0/Match"
MATCH_HASH = "/photodna/v1.0/MatchHash?enhance=false"
KNOWN = as_jpeg(PICTURES.known[0])
UNKNOWN = as_jpeg(PICTURES.unknown[0])
FLAT = io.BytesIO()
Image.new("RGB", (400, 300), "gray").save(FLAT, "PNG")


def ask(served: Served, path: str, body: bytes, **headers: str) -> Answer:
    return served.ask("POST", path, body, Ocp_Apim_Subscription_Key=served.key, **headers)


def inline(data: bytes, kind: str = "inline", value: str = "Value") -> bytes:
    text = base64.b64encode(data).decode()
    return json.dumps({"DataRepresentation": kind, value: text}).encode()


def pdq_item(data: bytes) -> dict[str, str]:
    bits, _ = pdqhash.compute(as_array(data))
    value = f"{int(''.join(map(str, bits)), 2):064x}"
    return {"DataRepresentation": "PDQ", "Value": value}


def as_array(data: bytes) -> Any:
    import numpy as np  # noqa: PLC0415

    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_mediawiki_sends_a_thumbnail_and_reads_code_and_match(served: Served) -> None:
    thumbnail = as_jpeg(PICTURES.known[0], width=250)
    answer = ask(served, MATCH, thumbnail, Content_Type="image/jpeg")
    assert (answer.status, answer.body["Status"]["Code"]) == (200, 3000)
    assert answer.body["IsMatch"] is True


def test_nostr_build_sends_raw_bytes_and_a_picture_nobody_knows_is_no_match(
    served: Served,
) -> None:
    answer = ask(served, MATCH, UNKNOWN, Content_Type="image/jpeg", Cache_Control="no-cache")
    assert answer.body["Status"] == {"Code": 3000, "Description": "OK", "Exception": None}
    assert answer.body["IsMatch"] is False
    assert answer.body["MatchDetails"] == {"AdvancedInfo": [], "MatchFlags": []}


def test_the_php_client_sends_a_file_with_a_bare_enhance(served: Served) -> None:
    body, content_type = form(("file", "picture.jpg", KNOWN))
    answer = ask(served, f"{MATCH}?enhance", body, Content_Type=content_type)
    assert answer.body["IsMatch"] is True


def test_the_powershell_module_reads_flags_sources_and_violations(served: Served) -> None:
    answer = ask(served, MATCH, PICTURES.known[0], Content_Type="image/png")
    [flag] = answer.body["MatchDetails"]["MatchFlags"]
    assert flag["AdvancedInfo"][0]["Key"] == "MatchId"
    assert flag["AdvancedInfo"][0]["Value"].startswith("mat_")
    assert (flag["Source"], flag["Violations"], flag["MatchDistance"]) == ("Demo", ["test"], 0)


def test_rocket_chat_sends_base64_in_json(served: Served) -> None:
    answer = ask(served, f"{MATCH}?enhance=false", inline(KNOWN), Content_Type="application/json")
    assert answer.body["IsMatch"] is True


@pytest.mark.parametrize(
    ("kind", "value"), [("Inline", "value"), ("Buffer", "Value"), ("Base64", "VALUE")]
)
def test_other_spellings_of_base64_in_json_are_understood(
    served: Served, kind: str, value: str
) -> None:
    body = inline(KNOWN, kind, value)
    assert ask(served, MATCH, body, Content_Type="application/json").body["IsMatch"] is True


def test_the_rust_service_sends_an_address_and_is_told_when_it_is_not_fetched(
    served: Served,
) -> None:
    body = json.dumps({"DataRepresentation": "URL", "Value": "https://example.org/a.jpg"}).encode()
    answer = ask(served, MATCH, body, Content_Type="application/json")
    assert (answer.status, answer.body["Status"]["Code"]) == (200, 3002)


def test_scanners_send_five_hashes_and_throw_on_any_other_code(served: Served) -> None:
    items = [pdq_item(data) for data in (KNOWN, UNKNOWN, KNOWN, UNKNOWN, KNOWN)]
    answer = ask(served, MATCH_HASH, json.dumps(items).encode(), Content_Type="application/json")
    results = answer.body["MatchResults"]
    assert [result["Status"]["Code"] for result in results] == [3000] * 5
    assert [result["IsMatch"] for result in results] == [True, False, True, False, True]


def test_an_edge_hash_is_never_answered_as_checked(served: Served) -> None:
    item = {"DataRepresentation": "PreHashV2", "Value": base64.b64encode(bytes(924)).decode()}
    answer = ask(served, MATCH_HASH, json.dumps([item]).encode())
    [result] = answer.body["MatchResults"]
    assert result["Status"]["Code"] == 3002
    assert "edge hashes" in result["Status"]["Exception"]


def test_parts_of_an_edge_hash_form_come_back_by_their_names(served: Served) -> None:
    body, content_type = form(("first", "a", bytes(924)), ("second", "b", bytes(924)))
    answer = ask(served, "/photodna/v1.0/MatchEdgeHash", body, Content_Type=content_type)
    results = answer.body["MatchResults"]
    assert [result["ContentId"] for result in results] == ["first", "second"]
    assert {result["Status"]["Code"] for result in results} == {3002}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content_Type": "image/jpg"},
        {"Content_Type": "image/x-png"},
        {"Content_Type": "image/tif"},
        {"Content_Type": "application/json"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": "text/plain", "Accept": "text/html"},
    ],
)
def test_a_wrong_or_missing_type_does_not_matter(served: Served, headers: dict[str, str]) -> None:
    assert ask(served, MATCH, KNOWN, **headers).body["IsMatch"] is True


@pytest.mark.parametrize(
    "path", ["/PhotoDNA/v1.0/match", "/photodna/V1.0/MATCH/", "/photodna/v1.0/Match/"]
)
def test_every_spelling_of_the_path_is_answered_without_a_redirect(
    served: Served, path: str
) -> None:
    assert ask(served, path, KNOWN).body["IsMatch"] is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no image at all", 3206),
        (KNOWN[: len(KNOWN) // 2], 3206),
        (FLAT.getvalue(), 3206),
        (as_jpeg(PICTURES.known[0], width=20), 3208),
        (bytes(20 * 1024 * 1024 + 1), 3209),
        (b"{}", 3002),
        (b"{", 3002),
        (inline(KNOWN, "unheard of"), 3002),
        (b"", 3002),
    ],
)
def test_what_was_not_checked_has_a_code_of_its_own(served: Served, body: bytes, code: int) -> None:
    answer = ask(served, MATCH, body)
    assert (answer.status, answer.body["Status"]["Code"]) == (200, code)
    assert answer.body["IsMatch"] is False
    assert answer.body["Status"]["Exception"]


@pytest.mark.parametrize("body", [b"[]", b"{}", b"[1]", b"nonsense", b"[{},{},{},{},{},{}]"])
def test_no_answer_to_bad_hashes_is_empty(served: Served, body: bytes) -> None:
    results = ask(served, MATCH_HASH, body).body["MatchResults"]
    assert [result["Status"]["Code"] for result in results] == [3002]


@pytest.mark.parametrize(
    ("at", "metadata", "headers"),
    [
        ("11/22/2025 6:07:08 PM", {"isTest": True}, {}),
        (
            "2025-11-22T18:07:08.123Z",
            [{"Key": "IsTest", "Value": "true"}],
            {"Content_Type": "application/json", "x_usr": "user", "x_pwd": "secret"},
        ),
    ],
    ids=["the PHP client", "Rocket.Chat"],
)
def test_reports_are_taken_as_their_clients_write_them(
    served: Served, at: str, metadata: Any, headers: dict[str, str]
) -> None:
    content = {"Name": "a.jpg", "Value": base64.b64encode(KNOWN).decode(), "UploadDateTime": at}
    body = {
        "OrgName": "Acme",
        "ReporterName": "Ada Lovelace",
        "ReporterEmail": "ada@example.org",
        "IncidentTime": at,
        "ReporteeName": "somebody",
        "ReporteeIPAddress": "203.0.113.7",
        "ViolationContentCollection": [content],
        "AdditionalMetadata": metadata,
    }
    answer = ask(served, "/photodna/v1.0/Report", json.dumps(body).encode(), **headers)
    assert (answer.status, answer.body["Status"]["Code"]) == (200, 3000)
    assert answer.body["ReportId"].startswith("tip_")


def test_a_wrong_key_reads_as_the_original_says_it(served: Served) -> None:
    answer = served.ask("POST", MATCH, KNOWN, Ocp_Apim_Subscription_Key="wrong")
    message = "Access denied due to invalid subscription key."
    assert (answer.status, answer.body) == (401, {"statusCode": 401, "message": message})


def test_a_key_in_the_address_is_refused(served: Served) -> None:
    answer = served.ask("POST", f"{MATCH}?subscription-key={served.key}", KNOWN)
    assert (answer.status, answer.body["Status"]["Code"]) == (400, 3002)


def test_answers_are_json_with_a_charset(served: Served) -> None:
    answer = ask(served, MATCH, KNOWN)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
