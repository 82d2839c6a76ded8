"""ThreatExchange's CSV and signal files."""

import io

import pytest

from matching.importers import FileUnreadable, LeftOut, Refusal, Row
from matching.importers.threatexchange import SignalFile, ThreatExchangeCsv
from tests.matching.importers.records import record

HEADER = "signal_type,signal_str,collab,category,tags\n"
PDQ, MD5 = record(1)["pdq"], record(1)["md5"]


def read(*lines: str) -> list:
    text = HEADER + "".join(f"{line}\n" for line in lines)
    return list(ThreatExchangeCsv().read(io.BytesIO(text.encode())))


def read_lines(text: str | bytes) -> list:
    data = text if isinstance(text, bytes) else text.encode()
    return list(SignalFile().read(io.BytesIO(data)))


def test_a_confirmed_signal_is_listed_with_the_violation_among_its_tags():
    [row] = read(f"pdq,{PDQ},Invented,POSITIVE_CLASS,invented B1 other")
    assert [signal.hex for signal in row.draft.signals] == [PDQ]
    assert row.draft.violation == "B1"


@pytest.mark.parametrize("category", ["NEGATIVE_CLASS", "INVESTIGATION_SEED"])
def test_what_was_not_confirmed_is_left_out(category):
    assert read(f"pdq,{PDQ},Invented,{category},") == [LeftOut(f"{category} left out")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"pdq,{PDQ},Invented,PERHAPS,", "category 'PERHAPS' is not known"),
        (f"smell,{PDQ},Invented,POSITIVE_CLASS,", "signal type 'smell' is not known"),
        ("pdq,00,Invented,POSITIVE_CLASS,", "pdq takes 32 bytes, not 1"),
        (f"pdq,{PDQ}", "has 2 columns instead of 5"),
    ],
)
def test_a_line_that_can_not_be_used_says_why(line, reason):
    refused, good = read(line, f"md5,{MD5},Invented,POSITIVE_CLASS,")
    assert refused == Refusal(2, reason)
    assert isinstance(good, Row)


@pytest.mark.parametrize("text", ["", "other,header\n", '"never closed\n'])
def test_another_header_makes_the_file_unreadable(text):
    with pytest.raises(FileUnreadable, match="header"):
        list(ThreatExchangeCsv().read(io.BytesIO(text.encode())))


def test_a_signal_file_is_read_line_by_line():
    rows = read_lines(f"pdq {PDQ}\r\n\r\nmd5 {MD5.upper()}\nurl http://invented.example\n")
    assert [getattr(row, "number", row) for row in rows] == [1, 3, LeftOut("url left out")]


def test_bytes_that_are_no_text_spoil_their_line_alone():
    refused, good = read_lines(b"pdq \xff\xfe\n" + f"md5 {MD5}".encode())
    assert refused == Refusal(1, "pdq is not a string of hexadecimal digits")
    assert isinstance(good, Row)
