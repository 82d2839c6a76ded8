"""Mappings: what they may say, and what they are told when they say something else."""

import pytest

from matching.importers import CsvMapping, MappingInvalid
from matching.importers.mapping import Column

COLUMNS = {"md5": "MD5"}


def test_a_whole_mapping_is_understood():
    mapping = CsvMapping.from_json(
        {
            "delimiter": ";",
            "header": True,
            "encoding": "latin-1",
            "columns": {
                "md5": "MD5 hash",
                "photodna": {"column": "PDNA", "encoding": "base64"},
                "external_id": 1,
                "category": "Cat",
                "updated": "Changed",
            },
            "violations": {"1": "A1"},
        }
    )
    assert mapping.columns["photodna"] == Column("PDNA", "base64")
    assert mapping.columns["external_id"] == Column(1)
    assert (mapping.delimiter, mapping.encoding) == (";", "latin-1")
    assert mapping.violations == {"1": "A1"}


@pytest.mark.parametrize(
    ("mapping", "complaint"),
    [
        ([], "the mapping: must be a JSON object"),
        ({"columns": []}, "columns: must be a JSON object"),
        ({"columns": COLUMNS, "colour": 1}, "unknown: colour"),
        ({"columns": {}}, "columns: none of"),
        ({"columns": {"external_id": "Ref"}}, "columns: none of"),
        ({"columns": {"md6": "MD6"}}, "columns: unknown field md6"),
        ({"columns": {"md5": ""}}, "columns.md5: must be a column's name"),
        ({"columns": {"md5": 0}}, "columns.md5: must be a column's name"),
        ({"columns": {"md5": True}}, "columns.md5: must be a column's name"),
        ({"columns": {"md5": {"encoding": "hex"}}}, "columns.md5: must be a column's name"),
        ({"columns": {"md5": {"column": "a", "encoding": "rot13"}}}, "columns.md5: encoding"),
        ({"columns": {"md5": "a", "sha1": "a"}}, "columns: one column is named twice"),
        ({"columns": COLUMNS, "header": False}, "columns.md5: must be a column's number"),
        ({"columns": COLUMNS, "header": "no"}, "header: must be true or false"),
        ({"columns": COLUMNS, "delimiter": "||"}, "delimiter: must be a single character"),
        ({"columns": COLUMNS, "delimiter": "\n"}, "delimiter: must be a single character"),
        ({"columns": COLUMNS, "encoding": "klingon"}, "encoding: 'klingon' is not known"),
        ({"columns": COLUMNS, "encoding": "base64"}, "encoding: 'base64' is not known"),
        ({"columns": COLUMNS, "violations": {"1": "A9"}}, "violations.1: must be one of"),
    ],
)
def test_a_mapping_that_can_not_be_used_says_why(mapping, complaint):
    with pytest.raises(MappingInvalid, match=complaint):
        CsvMapping.from_json(mapping)
