"""NCMEC's pages, good and hostile."""

import io

import pytest

from matching.importers import FileUnreadable, LeftOut, Refusal, Row
from matching.importers.ncmec import NcmecXml
from tests.matching.importers.pages import NCMEC_HEAD, image, ncmec_page, tombstone
from tests.matching.importers.records import record

FEEDBACK = (
    '<affirmativeFeedback type="Md5"><members timestamp="2026-01-02T03:04:05Z">'
    '<member id="9">Other</member><member id="10">Third</member></members></affirmativeFeedback>'
    '<negativeFeedback type="Pdq"><reasons><reason guid="0" name="Invented" type="Pdq"/>'
    '<members><member id="9">Other</member></members></reasons></negativeFeedback>'
)


def read(page: bytes) -> list:
    return list(NcmecXml().read(io.BytesIO(page)))


def test_an_image_is_known_by_member_and_id_with_its_signals_and_class():
    [row] = read(ncmec_page(image(1)))
    assert (row.draft.external_id, row.draft.violation) == ("7/inv-1", "B2")
    assert {signal.type: signal.hex for signal in row.draft.signals} == {
        name: record(1)[name] for name in ("md5", "sha1", "pdq")
    }


def test_feedback_of_other_members_becomes_votes():
    [row] = read(ncmec_page(image(1, feedback=FEEDBACK)))
    assert row.draft.votes == {"affirmative": {"md5": 2}, "negative": {"pdq": 1}}
    assert row.draft.external_id == "7/inv-1"


def test_a_deleted_image_withdraws_the_entry_of_that_member_and_id():
    [row] = read(ncmec_page(tombstone("inv-2")))
    assert row.draft.withdrawn
    assert row.draft.identity == "id:7/inv-2"


def test_the_number_of_a_record_is_its_line():
    assert [item.number for item in read(ncmec_page(image(1), image(2, classification="Z")))] == [
        4,
        5,
    ]


def test_videos_are_left_out_and_counted():
    video = image(1).replace("image>", "video>")
    assert read(ncmec_page(video, image(2)))[0] == LeftOut("videos left out")


def test_one_bad_record_costs_nobody_elses_place():
    bad = image(1).replace(record(1)["md5"], "xyz")
    refused, good = read(ncmec_page(bad, image(2)))
    assert refused == Refusal(4, "md5 is not a string of hexadecimal digits")
    assert isinstance(good, Row)


def test_prefixed_tags_are_read_like_any():
    page = ncmec_page(image(1)).decode().replace("xmlns=", "xmlns:n=")
    page = page.replace("<queryResult", "<n:queryResult").replace("</queryR", "</n:queryR")
    assert isinstance(read(page.encode())[0], Row)


def test_the_link_to_the_next_page_is_told_as_given():
    reader = NcmecXml()
    page = ncmec_page(image(1), following="/v2/entries?from=a&amp;start=1001")
    list(reader.read(io.BytesIO(page)))
    assert reader.next_page == "/v2/entries?from=a&start=1001"


BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE queryResult [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<queryResult>&b;</queryResult>'
)
OUTSIDE = (
    '<?xml version="1.0"?>\n<!DOCTYPE queryResult [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<queryResult>&x;</queryResult>"
)


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (BOMB.encode(), "line 2, column .*: a document type is not allowed"),
        (OUTSIDE.encode(), "line 2, column .*: a document type is not allowed"),
        (ncmec_page(image(1))[:-60], r"line \d+, column \d+: not XML: unclosed token"),
        (b"", "line 1, column 1: not XML: no element found"),
        (b"\x00\x01\x02", "line 1, column 1: not XML: not well-formed"),
        (ncmec_page(image(1)).replace(b"Invented", b"\xff\xfe"), "line 4, .*not well-formed"),
        (b"<html></html>", "line 1, column 1: no queryResult"),
        ((NCMEC_HEAD + "<x>" * 40).encode(), "nested beyond all bounds"),
        ((NCMEC_HEAD + "<x>" + "y" * 70_000).encode(), "text of more than 65536 characters"),
        ((NCMEC_HEAD + "&undeclared;").encode(), "not XML: undefined entity"),
    ],
)
def test_a_page_that_can_not_be_read_says_where_and_why(page, problem):
    with pytest.raises(FileUnreadable, match=problem):
        read(page)
