"""The same figures under the names that authorities ask for them by.

- `dsa`: Regulation (EU) 2022/2065, Articles 15 and 24, in the terms of the quantitative template
  of Implementing Regulation (EU) 2024/2835.
- `report_act`: 18 U.S.C. 2258A(h) as amended by the REPORT Act (PL 118-59): kept for a year.
- `gdpr`: what a processor's record of processing tells (Regulation (EU) 2016/679, Article 30(2)).

They are meant to be copied into the forms by whoever has to file them, and are no legal advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

DSA_CATEGORY: Final = "protection of minors: child sexual abuse material"
GDPR: Final[Mapping[str, Any]] = {
    "role": "processor, on behalf of the tenant named in this report",
    "purpose": "to find known child sexual abuse material among uploads",
    "data": [
        "SHA-256 of submitted files",
        "the tenant's own content ids",
        "verdicts and matches",
        "who called: key ids, network addresses, user agents",
        "names of the tenant's members",
    ],
    "not_kept": ["images", "perceptual hashes of images that match nothing"],
    "measures": [
        "row-level separation of tenants",
        "append-only log with signed checkpoints",
        "two people for every change of a list",
        "keys kept as keyed digests",
    ],
}


def frameworks(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of `figures` (those of `totals`) that each framework asks for, under its names."""
    return {"dsa": _dsa(figures), "report_act": _report_act(figures), "gdpr": _gdpr(figures)}


def _dsa(figures: Mapping[str, Any]) -> dict[str, Any]:
    submissions, matches = figures["submissions"], figures["matches"]
    verdicts = submissions["by_verdict"]
    return {
        "category": DSA_CATEGORY,
        "own_initiative": True,
        "items_detected": verdicts["match"],
        "items_detected_solely_by_automated_means": verdicts["match"],
        "items_processed_by_automated_means": submissions["total"] - verdicts["not_checked"],
        "items_not_judged_automatically": verdicts["not_checked"],
        "detected_by_class": matches["by_violation"],
        "means": sorted(matches["by_type"]),
        "accuracy": figures["feedback"],
        "median_decision_ms": figures["decision_ms"]["median"],
        "safeguards": [
            "three-valued verdicts: what can not be judged is said to be so",
            "two people behind every entry of a list",
            "withdrawal of an entry takes effect in the next request",
            "feedback on every match, reviewed by curators",
        ],
    }


def _report_act(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {"preservation_days": 365, "acts": figures["retention"]["count"]}


def _gdpr(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **GDPR,
        "controller": figures["tenant"]["name"],
        "items_processed": figures["submissions"]["total"],
        "disclosures": figures["exports"]["count"],
    }
