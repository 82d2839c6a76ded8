"""VICS and StopNCII: JSON documents, read as a stream."""

import base64
import io
import json
import tracemalloc

import pytest

from matching.importers import FileUnreadable, LeftOut, MappingInvalid, Refusal, Row
from matching.importers.json_stream import LARGEST_VALUE
from matching.importers.stopncii import StopNciiJson
from matching.importers.vics import VicsJson
from tests.matching.importers.pages import media, stopncii_page, stopncii_record, vics
from tests.matching.importers.records import record

MAPPING = {"violations": {"1": "A1", "2": "B2"}}
PHOTODNA = base64.b64encode(bytes(range(144))).decode()


def read_vics(document: bytes) -> list:
    return list(VicsJson(MAPPING).read(io.BytesIO(document)))


def read_page(page: bytes) -> list:
    return list(StopNciiJson().read(io.BytesIO(page)))


def test_media_are_read_with_their_category_and_id():
    first, second = read_vics(vics(media(1), media(2, Category=2)))
    assert (first.draft.external_id, first.draft.violation) == ("1", "A1")
    assert second.draft.violation == "B2"
    assert [signal.hex for signal in first.draft.signals] == [record(1)["md5"], record(1)["sha1"]]


def test_media_in_cases_are_found():
    cases = [{"CaseID": 1, "Media": [media(1), media(2)]}, {"CaseID": 2, "Media": [media(3)]}]
    assert [row.number for row in read_vics(vics(*cases))] == [1, 2, 3]


@pytest.mark.parametrize(
    "photodna",
    [
        {"PhotoDNA": PHOTODNA},
        {"AlternativeHashes": [{"HashName": "PhotoDNA", "HashValue": PHOTODNA}]},
    ],
    ids=["2.0", "1.3"],
)
def test_photodna_is_read_where_either_version_has_it(photodna):
    [row] = read_vics(vics(media(1, **photodna)))
    assert row.draft.signals[-1].value == bytes(range(144))


def test_a_byte_order_mark_is_harmless():
    assert isinstance(read_vics(b"\xef\xbb\xbf" + vics(media(1)))[0], Row)


def test_a_category_that_nobody_mapped_is_refused():
    assert read_vics(vics(media(1, Category=5))) == [
        Refusal(1, "category '5' is not in the mapping")
    ]


def test_without_a_mapping_nothing_is_read():
    with pytest.raises(MappingInvalid, match="what the country's categories mean"):
        VicsJson({})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"MD5": 7}, "MD5 is not text"),
        ({"MD5": "", "SHA1": None}, "carries no signal"),
        ({"Category": None}, "Category is missing or no number"),
        ({"Category": True}, "Category is missing or no number"),
        ({"MediaID": [1]}, "MediaID is neither a number nor text"),
        ({"PhotoDNA": "!"}, "photodna is not valid base64"),
        ({"AlternativeHashes": 3}, "AlternativeHashes is not a list of objects"),
    ],
)
def test_a_media_that_can_not_be_used_says_why(changes, reason):
    refused, good = read_vics(vics(media(1, **changes), media(2)))
    assert refused == Refusal(1, reason)
    assert isinstance(good, Row)


WHOLE = vics(media(1), media(2), indent=1)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (WHOLE[:-40], r"line \d\d, column \d+: the document ends too early"),
        (b"", "line 1, column 1: the document ends too early"),
        (b"[]", "line 1, column 1: '{' was expected"),
        (b'{"other": 1}', "has no 'value'"),
        (b'{"value": [{}] ', "the document ends too early"),
        (b'{"value": [{}}', "line 1, column 14: ',' or ']' was expected"),
        (b'{"value": [{},]}', "a value was expected"),
        (b'{"value": []} {}', "something follows the end"),
        (WHOLE.replace(b"Invented", b"\xff\xfe", 1), "not valid UTF-8"),
        (WHOLE.decode().encode("utf-16"), "not valid UTF-8"),
        (b'{"value": [' + b"[" * 100_000, "a number or nesting too large"),
        (b'{"a": ' + b"[" * 1_000, "nested beyond all bounds"),
        (b'{"value": ["' + b"x" * (2 * LARGEST_VALUE), "a value of more than"),
    ],
)
def test_a_document_that_can_not_be_read_says_where_and_why(document, problem):
    with pytest.raises(FileUnreadable, match=problem):
        read_vics(document)


def test_positions_count_lines_across_chunks():
    many = vics(*(media(number) for number in range(2_000)), indent=0)
    broken = many.replace(b'"MediaID": 1999', b'"MediaID": nonsense')
    line = many[: many.index(b'"MediaID": 1999')].count(b"\n") + 1
    with pytest.raises(FileUnreadable, match=rf"line {line}, column 12: not JSON"):
        read_vics(broken)


def test_a_document_of_any_size_takes_little_memory():
    document = io.BytesIO(vics(*(media(number % 7) for number in range(3_000))))
    tracemalloc.start()
    count = sum(1 for _ in VicsJson(MAPPING).read(document))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 3_000
    assert peak < len(document.getvalue()) * 0.8


def test_a_stopncii_record_gives_its_hash_and_the_votes_on_it():
    [row] = read_page(stopncii_page(stopncii_record(1)))
    assert [signal.hex for signal in row.draft.signals] == [record(1)["pdq"]]
    assert row.draft.votes == {"affirmative": {"pdq": 1}}


@pytest.mark.parametrize("status", ["Withdrawn", "Deleted"])
def test_a_withdrawn_case_withdraws_the_entry(status):
    [row] = read_page(stopncii_page(stopncii_record(1, status=status)))
    assert row.draft.withdrawn
    assert row.draft.identity == f"pdq:{record(1)['pdq']}"


def test_hashes_of_videos_are_left_out():
    page = stopncii_page(stopncii_record(1, signalType="VideoMD5"))
    assert read_page(page) == [LeftOut("VideoMD5 left out")]


def test_the_way_to_the_next_page_is_told():
    reader = StopNciiJson()
    list(reader.read(io.BytesIO(stopncii_page(token="next", more=True))))
    assert reader.paging == {
        "nextPageToken": "next",
        "nextSetTimestamp": 1_700_001_000,
        "hasMoreRecords": True,
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signalType": "Smell"}, "signalType 'Smell' is not known"),
        ({"hashStatus": "Odd"}, "hashStatus 'Odd' is not known"),
        ({"hashStatus": None}, "hashStatus 'None' is not known"),
        ({"hashValue": 7}, "hashValue is not text"),
        ({"hashValue": "00"}, "pdq takes 32 bytes, not 1"),
        ({"CSPFeedbacks": "x"}, "CSPFeedbacks is not a list"),
    ],
)
def test_a_stopncii_record_that_can_not_be_used_says_why(changes, reason):
    record_ = stopncii_record(1)
    assert read_page(stopncii_page(record_ | changes)) == [Refusal(1, reason)]


def test_a_page_without_records_is_none():
    with pytest.raises(FileUnreadable, match="has no 'hashRecords'"):
        read_page(json.dumps({"error": "sorry"}).encode())
