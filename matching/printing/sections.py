"""The pages after the cover, a function a chapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reportlab.platypus import KeepTogether, Spacer

from matching.printing.charts import bars, columns
from matching.printing.style import (
    HEADING,
    SMALL,
    SUBHEADING,
    WIDTH,
    code,
    moment,
    pairs,
    paragraph,
    table,
)

Figures = Mapping[str, Any]
VERDICTS: Final = {
    "match": "match",
    "no_known_match": "no known match",
    "not_checked": "not checked",
}
CLASSES: Final = (
    "A: prepubescent, B: pubescent; 1: sex act, 2: lewd exhibition; harmful: not illegal "
    "everywhere; test: a benign picture."
)
SECOND: Final = frozenset({1})
ACTS: Final = {
    "keys": "API keys issued, rotated and revoked",
    "members": "Members added, changed and removed",
    "settings": "Changes of settings",
    "exports": "Exports made",
    "retention": "Retention, holds and purges",
}


def chapters(figures: Figures) -> list[Any]:
    """The flowables of all chapters."""
    return [
        *_submissions(figures),
        *_matches(figures),
        *_accuracy(figures),
        *_service(figures),
        *_acts(figures),
        *_frameworks(figures),
        *_verification(figures),
    ]


def _submissions(figures: Figures) -> list[Any]:
    submissions = figures["submissions"]
    counts = {words: submissions["by_verdict"][name] for name, words in VERDICTS.items()}
    versions = submissions["lists_versions"]
    reasons = submissions["not_checked_reasons"]
    return [
        paragraph("1  Submissions and verdicts", HEADING),
        bars(counts),
        *_days(submissions["by_day"]),
        Spacer(1, 8),
        *_counts("Why submissions were not checked", "reason", reasons),
        paragraph("Lists in force", SUBHEADING),
        pairs(
            [
                ("Versions under which verdicts were given", versions["count"]),
                ("First and last version", f"{versions['first']} to {versions['last']}"),
                ("Lists now", ", ".join(one["source"] for one in figures["lists"]) or "none"),
            ]
        ),
    ]


def _days(by_day: Mapping[str, int]) -> list[Any]:
    if len(by_day) < 2:
        return []
    return [KeepTogether([paragraph("Submissions by day", SUBHEADING), columns(by_day)])]


def _matches(figures: Figures) -> list[Any]:
    matches = figures["matches"]
    heading = paragraph("2  Matches", HEADING)
    if not matches["total"]:
        return [heading, paragraph("Nothing was matched in this period.")]
    rows = [
        (one["list"], one["source"], one["violation"], one["match_type"], one["count"])
        for one in matches["groups"]
    ]
    return [
        KeepTogether([heading, paragraph("By type", SUBHEADING), bars(matches["by_type"])]),
        KeepTogether(
            [
                paragraph("By class", SUBHEADING),
                bars(matches["by_violation"]),
                paragraph(CLASSES, SMALL),
            ]
        ),
        paragraph("By list, class and type", SUBHEADING),
        table(
            ("list", "source", "class", "type", "matches"),
            rows,
            widths=(3, 3, 1, 1, 1),
            numbers=frozenset({4}),
        ),
    ]


def _accuracy(figures: Figures) -> list[Any]:
    feedback = figures["feedback"]
    return [
        KeepTogether(
            [
                paragraph("3  Accuracy", HEADING),
                pairs(
                    [
                        ("Matches confirmed", feedback["confirmed"]),
                        ("Matches called false", feedback["false_positive"]),
                        ("Matches without feedback", feedback["pending"]),
                        ("Decided by curators", _plain(feedback["outcomes"])),
                        ("False-positive rate", _rate(feedback["false_positive_rate"])),
                    ]
                ),
                paragraph(
                    "The rate is that of matches on which feedback was given; the interval is "
                    "Wilson's score interval.",
                    SMALL,
                ),
            ]
        )
    ]


def _rate(false: Figures) -> str:
    if false["rate"] is None:
        return "not known: nobody has given feedback yet"
    return (
        f"{_percent(false['rate'])} ({false['count']} of {false['of']}); 95 % confidence: "
        f"{_percent(false['low'])} to {_percent(false['high'])}"
    )


def _service(figures: Figures) -> list[Any]:
    requests, times = figures["requests"], figures["decision_ms"]
    return [
        KeepTogether(
            [
                paragraph("4  Service", HEADING),
                bars({name: requests[name] for name in ("served", "refused", "failed")}),
                Spacer(1, 8),
                pairs(
                    [
                        ("Verdicts timed", times["measured"]),
                        ("Time to a verdict, median", _milliseconds(times["median"])),
                        ("95th percentile", _milliseconds(times["p95"])),
                        ("99th percentile", _milliseconds(times["p99"])),
                    ]
                ),
            ]
        ),
        *_counts("Refused requests by reason", "code", requests["refused_by_code"]),
        *_counts("Failed requests by reason", "code", requests["failed_by_code"]),
    ]


def _acts(figures: Figures) -> list[Any]:
    flow: list[Any] = [paragraph("5  Changes and disclosures", HEADING)]
    for name, title in ACTS.items():
        listed = figures[name]
        flow.append(paragraph(f"{title}: {listed['count']:,}", SUBHEADING))
        if listed["newest"]:
            rows = [
                (moment(act["at"]).removesuffix(" UTC"), act["action"], act["actor"], act["target"])
                for act in listed["newest"]
            ]
            flow.append(table(("time (UTC)", "act", "by", "of"), rows, widths=(1.8, 2.2, 3.0, 2.5)))
        if listed["count"] > len(listed["newest"]):
            flow.append(paragraph("Only the newest are shown; the log has all of them.", SMALL))
    return flow


def _frameworks(figures: Figures) -> list[Any]:
    named = figures["frameworks"]
    return [
        paragraph("6  Terms of the frameworks", HEADING),
        paragraph("EU Digital Services Act, Articles 15 and 24", SUBHEADING),
        pairs(_named(named["dsa"] | _error_rate(figures))),
        paragraph("US REPORT Act, 18 U.S.C. 2258A(h)", SUBHEADING),
        pairs(_named(named["report_act"])),
        paragraph("GDPR, Article 30(2)", SUBHEADING),
        pairs(_named(named["gdpr"])),
        paragraph("Aids for filling in forms, no legal advice.", SMALL),
    ]


def _error_rate(figures: Figures) -> dict[str, str]:
    """The template's "accuracy" as a rate; its counts stand in the chapter of that name."""
    return {"accuracy": f"rate of error {_rate(figures['feedback']['false_positive_rate'])}"}


def _verification(figures: Figures) -> list[Any]:
    steps = (
        "Export the events of the period: GET /v1/audit/report?format=jsonl, same from and to.",
        "Save the checkpoint below as checkpoint.txt, with a line feed at the end of every line.",
        "python3 verify_audit.py log report.jsonl --key KEY --checkpoint checkpoint.txt",
        "KEY is the log's public key, below; compare it with the one you were given before.",
    )
    checkpoint = figures["checkpoint"]
    lines = [*checkpoint["note"].splitlines(), "", checkpoint["key"]]
    return [
        KeepTogether(
            [
                paragraph("7  How to verify this report", HEADING),
                *[paragraph(f"{place}. {step}") for place, step in enumerate(steps, 1)],
                Spacer(1, 10),
                code(lines, width=WIDTH),
            ]
        )
    ]


def _counts(title: str, of: str, counts: Mapping[str, int]) -> list[Any]:
    if not counts:
        return []
    rows = list(counts.items())
    return [
        KeepTogether(
            [
                paragraph(title, SUBHEADING),
                table((of, "number"), rows, widths=(4, 1), numbers=SECOND),
            ]
        )
    ]


def _named(values: Figures) -> list[tuple[str, object]]:
    """Each value under its name in words; what is nested, as a list in one cell."""
    return [(name.replace("_", " "), _plain(value)) for name, value in values.items()]


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        parts = [f"{name.replace('_', ' ')}: {_plain(part)}" for name, part in value.items()]
        return "; ".join(parts) or "none"
    if isinstance(value, list):
        return "; ".join(str(_plain(part)) for part in value) or "none"
    return value


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _milliseconds(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.0f} ms"
