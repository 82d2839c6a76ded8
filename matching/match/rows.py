"""The rows of a verdict: what was submitted, what matched, what is put before the curators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from matching.match.verdict import Finding, Judgement
from matching.models import (
    Confidence,
    Match,
    ReviewItem,
    ReviewKind,
    ShadowMatch,
    Submission,
    Verdict,
)
from tenants import usage, webhooks
from tenants.models import ApiKey
from tenants.writes import Write, insertions, unsaved


@dataclass(frozen=True, slots=True)
class Outcome:
    """A recorded submission with its matches, strongest first.

    `shadow` is what lists on probation would have added; no answer tells of it.
    """

    submission: Submission
    matches: list[Match]
    reviews: list[ReviewItem] = field(default_factory=list)
    shadow: list[ShadowMatch] = field(default_factory=list)

    @property
    def sure_matches(self) -> list[Match]:
        """Those that may be acted on before a person looked."""
        return [match for match in self.matches if match.confidence != Confidence.REVIEW]

    @property
    def is_refused(self) -> bool:
        """Whether the tenant is in strict mode and wants no verdict on what was not checked.

        The verdict is recorded all the same. Edges answer it with an error, so that a client which
        takes everything but a match for clean can not take this for clean.
        """
        submission = self.submission
        return submission.tenant.strict_mode and submission.verdict == Verdict.NOT_CHECKED


def outcome_of(key: ApiKey, content_id: str, sha256: bytes | None, judgement: Judgement) -> Outcome:
    """The rows of one verdict, not written yet."""
    submission = unsaved(
        Submission,
        tenant=key.tenant,
        key_id=key.key_id,
        environment=key.environment,
        content_id=content_id,
        sha256=sha256,
        verdict=judgement.verdict,
        checked=[stage.value for stage in judgement.checked],
        not_checked_reason=judgement.reason or "",
        lists_version=judgement.version.version,
        lists_version_label=judgement.version.label,
    )
    return found_of(submission, judgement.findings, judgement.shadow)


def found_of(
    submission: Submission, findings: Sequence[Finding], shadow: Iterable[Finding]
) -> Outcome:
    """The rows of what was found of `submission`, not written yet."""
    matches = [
        unsaved(
            Match,
            tenant=submission.tenant,
            submission=submission,
            entry=finding.entry,
            list_slug=finding.entry.hash_list.slug,
            source=finding.entry.hash_list.source,
            violation=finding.entry.violation,
            match_type=finding.match_type,
            distance=finding.distance,
            confidence=finding.confidence or "",
        )
        for finding in findings
    ]
    counted = [
        unsaved(
            ShadowMatch,
            tenant=submission.tenant,
            submission=submission,
            entry=finding.entry,
            match_type=finding.match_type,
            distance=finding.distance,
        )
        for finding in shadow
    ]
    return Outcome(submission, matches, _reviews(submission, findings), counted)


def _reviews(submission: Submission, findings: Iterable[Finding]) -> list[ReviewItem]:
    """What is put before the curators: partial matches that nobody should act on unseen."""
    return [
        ReviewItem(
            kind=ReviewKind.PARTIAL,
            tenant=submission.tenant,
            submission=submission,
            entry=finding.entry,
            evidence={"what": "shows parts of the entry", **asdict(finding.evidence)},
        )
        for finding in findings
        if finding.is_doubtful and finding.evidence
    ]


def effects_of(key: ApiKey, outcomes: Sequence[Outcome], units: int, **amounts: int) -> list[Write]:
    """What is written for `outcomes`, counters of the day included."""
    counts = Counter(submissions=len(outcomes), units=units, **amounts)
    for outcome in outcomes:
        counts["matches"] += outcome.submission.verdict == Verdict.MATCH
        counts["not_checked"] += outcome.submission.verdict == Verdict.NOT_CHECKED
    return [
        *insertions([outcome.submission for outcome in outcomes]),
        *effects_of_found(key, outcomes, **counts),
    ]


def effects_of_found(key: ApiKey, outcomes: Sequence[Outcome], **counts: int) -> list[Write]:
    """What is written for what was found, beside the submissions; `counts` go to the day's."""
    by_type = Counter[str]()
    for outcome in outcomes:
        by_type.update({f"matches_{match.match_type}" for match in outcome.sure_matches})
    return [
        *insertions([match for outcome in outcomes for match in outcome.matches]),
        *insertions([item for outcome in outcomes for item in outcome.reviews]),
        *insertions([match for outcome in outcomes for match in outcome.shadow]),
        usage.counting(tenant=key.tenant, environment=key.environment, **counts, **by_type),
        *_told(key, [outcome for outcome in outcomes if outcome.sure_matches]),
    ]


def _told(key: ApiKey, matched: Sequence[Outcome]) -> list[Write]:
    """The webhooks that tell of matches."""
    if not matched:
        return []
    data = [
        {
            "submission_id": outcome.submission.public_id,
            "content_id": outcome.submission.content_id or None,
            "match_ids": [match.public_id for match in outcome.matches],
        }
        for outcome in matched
    ]
    return [
        webhooks.enqueue_all(
            tenant=key.tenant, environment=key.environment, event="match.found", data=data
        )
    ]


def described(judgement: Judgement) -> dict[str, object]:
    """What an audit event tells of a verdict: nothing that says how near a match was."""
    return {
        "verdict": judgement.verdict.value,
        "checked": [stage.value for stage in judgement.checked],
        "not_checked_reason": judgement.reason,
        "lists": [finding.entry.hash_list.slug for finding in judgement.findings],
        "match_types": [finding.match_type.value for finding in judgement.findings],
        "lists_version": judgement.version.label,
    }
