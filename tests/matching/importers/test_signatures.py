"""Signature files, good and bad."""

import base64
import io
import json
import tracemalloc
from dataclasses import replace

import pytest

from matching.hashing import SignalType
from matching.hashing.local import LocalSignature
from matching.importers import Refusal, Row
from matching.importers.guards import FLAT_PDQ_LEFT_OUT
from matching.importers.lines import LONGEST_LINE
from matching.importers.signatures import Signatures
from tests.matching.hashing.local.golden import GOLDEN
from tests.matching.importers.records import record, signature_file


def gated():
    """A signature that can be read, of a picture that no part can be known by."""
    whole = LocalSignature.from_bytes(GOLDEN.read_bytes())
    few = replace(whole, codes=whole.codes[:9], geometry=whole.geometry[:9])
    return base64.b64encode(few.to_bytes()).decode()


def read(*lines):
    return list(Signatures().read(signature_file(*lines)))


def reason(line):
    [refusal] = read(line)
    assert isinstance(refusal, Refusal)
    return refusal.reason


def test_every_signal_of_a_line_is_read():
    [row] = read(record(1))
    assert {signal.type: signal.hex for signal in row.draft.signals} == {
        name: record(1)[name] for name in ("md5", "sha1", "sha256", "pdq")
    }


def test_quality_belongs_to_the_pdq_alone():
    [row] = read(record(1, pdq_quality=77))
    assert {signal.type: signal.quality for signal in row.draft.signals} == {
        "md5": None,
        "sha1": None,
        "sha256": None,
        "pdq": 77,
    }


def test_local_signature_is_read():
    [row] = read(record(1, local=base64.b64encode(GOLDEN.read_bytes()).decode()))
    assert row.draft.local == GOLDEN.read_bytes()


def test_the_name_of_the_file_is_kept_nowhere():
    [row] = read(record(1, file="secret-name.jpg"))
    assert "secret-name" not in repr(row)
    assert row.draft.identity == f"sha256:{record(1)['sha256']}"


def test_unknown_keys_are_left_alone():
    [row] = read(record(1, invented={"deep": [1]}))
    assert isinstance(row, Row)


def test_byte_order_mark_windows_line_ends_and_blank_lines_are_harmless():
    lines = [json.dumps(record(number)).encode() for number in (1, 2)]
    file = io.BytesIO(b"\xef\xbb\xbf" + b"\r\n\r\n".join(lines))
    assert [row.number for row in Signatures().read(file)] == [1, 3]


def test_upper_case_digits_are_read():
    [row] = read(record(1, md5=record(1)["md5"].upper()))
    assert isinstance(row, Row)


def test_a_bad_line_costs_nobody_elses_place():
    first, refused, last = read(record(1), "not json", record(2))
    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert refused == Refusal(2, "not JSON: Expecting value at column 1")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not JSON: a number or a nesting beyond all bounds"),
        ('{"md5": ' + "9" * 5_000 + "}", "not JSON: a number or a nesting beyond all bounds"),
        (b'{"md5": "\xff\xfe"', "not valid UTF-8"),
        ("{}", "carries no signal"),
        ({"md5": "00ff"}, "md5 takes 16 bytes, not 2"),
        ({"md5": "x" * 32}, "md5 is not a string of hexadecimal digits"),
        ({"md5": 7}, "md5 is not text"),
        (record(1, pdq_quality="100"), "pdq_quality is not a whole number"),
        (record(1, pdq_quality=True), "pdq_quality is not a whole number"),
        (record(1, pdq_quality=101), "quality 101 is outside 0..100"),
        (record(1, local="no base64!"), "local is not base64"),
        (record(1, local="SEwBAA=="), "local signature is shorter than its header"),
        (record(1, local=gated()), "local is of a picture too smooth to be known by its parts"),
        (record(1, violation="Z9"), "'Z9' is no violation"),
        (record(1, external_id="x" * 151), "external id of more than 150 characters"),
        (record(1, external_id="a\x00b"), "external id of characters that can not be read"),
        (record(1, external_id="\ud800"), "external id of characters that can not be read"),
    ],
)
def test_a_line_that_can_not_be_used_says_why(line, expected):
    assert reason(line) == expected


def test_a_reason_never_repeats_what_the_line_holds():
    assert "f00dfeed" not in reason('{"md5": "f00dfeed", "sha1": f00dfeed}')


def test_an_endless_line_is_refused_and_the_next_one_read():
    refused, row = read(b"x" * (3 * LONGEST_LINE), record(1))
    assert refused == Refusal(1, f"a line of more than {LONGEST_LINE} characters")
    assert row.number == 2


def test_a_line_of_any_length_takes_little_memory():
    class Endless(io.RawIOBase):
        left = 64 * LONGEST_LINE

        def readable(self):
            return True

        def readinto(self, buffer):
            size = min(len(buffer), self.left)
            buffer[:size] = b"x" * size
            self.left -= size
            return size

    tracemalloc.start()
    [refused] = Signatures().read(io.BufferedReader(Endless()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(refused, Refusal)
    assert peak < 16 * LONGEST_LINE


def test_a_truncated_last_line_is_refused():
    whole = json.dumps(record(1)).encode()
    rows = list(Signatures().read(io.BytesIO(whole + b"\n" + whole[:100])))
    assert [type(row) for row in rows] == [Row, Refusal]


def test_the_caller_keeps_the_file_open():
    file = signature_file(record(1))
    list(Signatures().read(file))
    assert not file.closed


def test_a_flat_pdq_is_left_out_and_noted():
    [row] = read(record(1, pdq_quality=49))
    assert SignalType.PDQ not in {signal.type for signal in row.draft.signals}
    assert row.note == FLAT_PDQ_LEFT_OUT


def test_a_pdq_of_just_enough_quality_stays():
    [row] = read(record(1, pdq_quality=50))
    assert SignalType.PDQ in {signal.type for signal in row.draft.signals}
    assert row.note == ""


def test_nothing_but_a_flat_pdq_is_refused():
    assert reason({"pdq": record(1)["pdq"], "pdq_quality": 20}) == (
        "carries nothing but a PDQ of a quality below 50"
    )
