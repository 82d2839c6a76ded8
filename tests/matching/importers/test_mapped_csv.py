"""CSV files of partners, read by their mapping."""

import base64
import io

import pytest

from matching.importers import CsvMapping, FileUnreadable, Refusal, Row
from matching.importers.mapped_csv import MappedCsv
from tests.matching.importers.records import record

MAPPING = {
    "columns": {"md5": "Hash", "external_id": "Ref", "category": "Cat"},
    "violations": {"1": "A1", "two": "B2"},
}
MD5 = record(1)["md5"]


def read(text, **changes):
    mapping = CsvMapping.from_json(MAPPING | changes)
    data = text if isinstance(text, bytes) else text.encode(mapping.encoding)
    return list(MappedCsv(mapping).read(io.BytesIO(data)))


def test_columns_are_found_by_name_in_any_order_and_case():
    [row] = read(f"CAT,Extra,hash, ref \r\n1,x,{MD5},inv-1\r\n")
    assert (row.draft.external_id, row.draft.violation) == ("inv-1", "A1")
    assert [signal.hex for signal in row.draft.signals] == [MD5]


def test_columns_are_found_by_number_in_a_file_without_a_header():
    [row] = read(f"inv-1;;{MD5}\n", header=False, delimiter=";", columns={"md5": 3})
    assert [signal.hex for signal in row.draft.signals] == [MD5]


def test_base64_is_read_column_by_column():
    photodna = bytes(range(144))
    columns = {"md5": "Hash", "photodna": {"column": "PDNA", "encoding": "base64"}}
    [row] = read(f"Hash,PDNA\n{MD5},{base64.b64encode(photodna).decode()}\n", columns=columns)
    assert [signal.value for signal in row.draft.signals] == [bytes.fromhex(MD5), photodna]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_text_is_read_in_the_encoding_of_the_mapping(encoding):
    [row] = read(f"Ref,Hash,Cat\nÄhre,{MD5},1\n", encoding=encoding)
    assert row.draft.external_id == "Ähre"


def test_an_empty_category_is_left_to_the_list():
    [row] = read(f"Ref,Hash,Cat\ninv-1,{MD5},\n")
    assert row.draft.violation == ""


def test_quotes_may_hold_delimiters_and_line_ends():
    row, after = read(f'Ref,Hash,Cat\n"a, b",{MD5},1\n"x",{MD5},1\n')
    assert (row.draft.external_id, after.number) == ("a, b", 3)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"inv-1,{MD5}", "has 2 columns instead of 3"),
        (f"inv-1,{MD5},1,1", "has 4 columns instead of 3"),
        (f"inv-1,{MD5},9", "category '9' is not in the mapping"),
        ("inv-1,xyz,1", "md5 is not a string of hexadecimal digits"),
        ("inv-1,,1", "carries no signal"),
        (f'"inv"1,{MD5},1', "',' expected after '\"'"),
        (f"{'x' * 200_000},{MD5},1", "field larger than field limit (131072)"),
    ],
)
def test_a_line_that_can_not_be_used_says_where_and_why(line, reason):
    before, refused, after = read(f"Ref,Hash,Cat\na,{MD5},1\n{line}\nb,{MD5},1\n")
    assert refused == Refusal(3, reason)
    assert (before.number, after.number) == (2, 4)


def test_a_quote_that_is_never_closed_tells_the_lines_it_swallows():
    [refused] = read(f'Ref,Hash,Cat\n"a,{MD5},1\nb,{MD5},1\n')
    assert refused == Refusal(2, "unexpected end of data (lines 2 to 3)")


def test_bytes_of_another_encoding_spoil_their_own_line_only():
    good = f"b,{MD5},1\n".encode()
    refused, row = read(b"Ref,Hash,Cat\n\xe4hre," + MD5.encode() + b",1\n" + good)
    assert refused == Refusal(2, "external id of characters that can not be read")
    assert isinstance(row, Row)


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("", "the file has no header line"),
        ("Ref,Cat\n", "line 1, the header: there is no column 'Hash'"),
        ("Ref,Hash,hash,Cat\n", "line 1, the header: there is more than one column 'Hash'"),
        ('Ref,"Ha"sh,Cat\n', "line 1, the header: ',' expected"),
    ],
)
def test_a_file_without_the_mapped_columns_is_refused_as_a_whole(header, complaint):
    with pytest.raises(FileUnreadable, match=complaint):
        read(header)


def test_quality_may_have_a_column():
    columns = {"md5": 1, "pdq": 2, "pdq_quality": 3}
    line = f"{MD5},{record(1)['pdq']},"
    flat, fine, odd = read(f"{line}20\n{line}80\n{line}high\n", header=False, columns=columns)
    assert [len(row.draft.signals) for row in (flat, fine)] == [1, 2]
    assert odd == Refusal(3, "pdq_quality is not a whole number")
