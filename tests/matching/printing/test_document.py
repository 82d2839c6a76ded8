"""The PDF: the same figures give the same bytes, and everything stands in it."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
from itertools import pairwise

import pytest
from reportlab.platypus import Flowable, SimpleDocTemplate

from matching.printing.cover import period_of
from matching.printing.document import printed
from matching.printing.sections import chapters
from matching.printing.style import HEADING, PAGE, SUBHEADING
from matching.reports import PrintingFailed, pdf

NOTE = "hashes.example.org/audit/ten_x\n7\nAAAA\n\n— hashes.example.org/audit/ten_x BBBB\n"
NONE = {"count": 0, "newest": []}
FIGURES = {
    "tenant": {"id": "ten_x", "name": "Söhne <& Co>", "plan": "Business"},
    "environment": "live",
    "period": {"from": "2026-10-01T00:00:00+00:00", "to": None},
    "submissions": {
        "total": 3,
        "by_verdict": {"match": 1, "no_known_match": 1, "not_checked": 1},
        "by_day": {"2026-10-01": 1, "2026-10-02": 0, "2026-10-03": 2},
        "not_checked_reasons": {"quality_too_low": 1},
        "lists_versions": {"count": 0, "first": None, "last": None},
    },
    "matches": {
        "total": 1,
        "by_type": {"near": 1},
        "by_violation": {"A1": 1},
        "by_list": {"ncmec": 1},
        "groups": [
            {
                "list": "ncmec",
                "source": "NCMEC",
                "violation": "A1",
                "match_type": "near",
                "count": 1,
            }
        ],
    },
    "feedback": {
        "confirmed": 0,
        "false_positive": 0,
        "pending": 1,
        "outcomes": {"open": 0},
        "false_positive_rate": {"count": 0, "of": 0, "rate": None, "low": 0.0, "high": 1.0},
    },
    "lists": [],
    "events": {"total": 4, "by_action": {}},
    "requests": {
        "total": 4,
        "served": 3,
        "refused": 1,
        "failed": 0,
        "refused_by_code": {"rate_limited": 1},
        "failed_by_code": {},
    },
    "decision_ms": {"measured": 0, "median": None, "p95": None, "p99": None},
    "keys": {
        "count": 1,
        "newest": [
            {"at": "2026-10-02T10:00:00+00:00", "action": "key.issued", "actor": "a", "target": "b"}
        ],
    },
    **dict.fromkeys(("members", "settings", "exports", "retention"), NONE),
    "checkpoint": {"size": 7, "at": "2026-11-01T00:00:00+00:00", "key": "k", "note": NOTE},
    "frameworks": {"dsa": {"own_initiative": True, "means": []}, "report_act": {}, "gdpr": {}},
}
FIGURES["frameworks"]["report_act"] = FIGURES["frameworks"]["gdpr"] = {"role": "processor"}


def test_same_figures_give_the_same_bytes():
    assert printed(FIGURES) == printed(json.loads(json.dumps(FIGURES)))


def test_other_figures_give_another_document():
    other = copy.deepcopy(FIGURES)
    other["submissions"]["total"] = 4

    assert printed(other) != printed(FIGURES)


def test_program_of_its_own_prints_the_same():
    assert pdf(FIGURES) == printed(FIGURES)


def test_report_that_can_not_be_printed_says_so():
    with pytest.raises(PrintingFailed):
        pdf({})


def test_web_processes_do_not_load_reportlab():
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'hashservice.settings';"
        "django.setup(); import hashservice.urls; sys.exit('reportlab' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (
            "2026-10-01T00:00:00+00:00",
            "2026-11-01T00:00:00+00:00",
            "2026-10-01 to 2026-10-31 (UTC)",
        ),
        (None, "2026-11-01T06:00:00+00:00", "the beginning to before 2026-11-01 06:00:00 UTC"),
        ("2026-10-01T06:00:00+00:00", None, "2026-10-01 06:00:00 UTC to 2026-11-01 00:00:00 UTC"),
    ],
)
def test_period_of_whole_days_names_its_first_and_last_day(since, until, told):
    assert period_of({**FIGURES, "period": {"from": since, "to": until}}) == told


def test_document_is_as_old_as_its_checkpoint():
    assert b"/CreationDate (D:20261101000000+00'00')" in printed(FIGURES)


class Pages(SimpleDocTemplate):
    """Notes on which page each part came to stand."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), pagesize=PAGE)
        self.parts: list[tuple[int, Flowable]] = []

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - ReportLab's name
        self.parts.append((self.page, flowable))


@pytest.mark.parametrize("codes", range(8, 20))
def test_no_heading_is_the_last_of_its_page(codes):
    figures = copy.deepcopy(FIGURES)
    figures["requests"]["refused_by_code"] = {f"code_{n}": 1 for n in range(codes)}
    pages = Pages()

    pages.build(chapters(figures))

    assert pages.parts[-1][0] > 1
    last = [before for (page, before), (other, _) in pairwise(pages.parts) if page != other]
    assert [one for one in last if getattr(one, "style", None) in (HEADING, SUBHEADING)] == []
