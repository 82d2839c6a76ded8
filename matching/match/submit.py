"""The verbs: hash, judge, and commit the verdict together with its audit row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from matching.decoding import decoders, partial_decoders
from matching.match.parts import partial_stage
from matching.match.price import units_of_image, units_of_items
from matching.match.retaining import retained
from matching.match.verdict import (
    HashItem,
    Judgement,
    judge,
    judge_all,
    question_of_image,
    question_of_item,
)
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
from tenants.audit.content import content_reference
from tenants.audit.context import elapsed
from tenants.audit.record import Actor, record
from tenants.charges import charge
from tenants.models import ApiKey
from tenants.writes import Write, insertions, unsaved


class NotChecked(Exception):
    """The image or hash could not be judged, and the tenant's strict mode makes that an error."""


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
    def is_refused(self) -> bool:
        """Whether the tenant is in strict mode and wants no verdict on what was not checked.

        The verdict is recorded all the same. Edges answer it with an error, so that a client which
        takes everything but a match for clean can not take this for clean.
        """
        submission = self.submission
        return submission.tenant.strict_mode and submission.verdict == Verdict.NOT_CHECKED


def match_image(
    *,
    key: ApiKey,
    data: bytes,
    content_id: str = "",
    enhance: bool = False,
    actor: Actor | None = None,
) -> Outcome:
    """The recorded verdict on the image in `data`; `actor` is the key itself unless given.

    With `enhance` also parts of listed pictures are found. Raises ImageError for what can not be
    hashed, IndexUnavailable and PartialIndexUnavailable when nothing can be searched, PartialBusy.
    """
    with partial_stage(wanted=enhance):
        image = decoders().query(data)
        parts = partial_decoders().extract(data) if enhance else None
        question = question_of_image(image, parts=parts)
        judgement = judge(question, key=key)
    units = units_of_image(image.pixels)
    charge(units)
    outcome = outcome_of(key, content_id, image.digests.sha256, judgement)
    record(
        action="image.matched" if judgement.verdict is Verdict.MATCH else "image.checked",
        actor=actor or Actor.key(key),
        tenant=key.tenant,
        target=outcome.submission.public_id,
        status=422 if outcome.is_refused else 200,
        data={
            **_described(judgement),
            "content": content_reference(key.tenant, image.digests.sha256),
            **elapsed(),
        },
        effects=[
            *effects_of(key, [outcome], units, bytes=len(data)),
            *retained(key, [outcome.submission], [question]),
        ],
    )
    return outcome


def match_hashes(
    *, key: ApiKey, items: Sequence[HashItem], units: int | None = None
) -> list[Outcome]:
    """The recorded verdicts on `items`, in their order; one audit row for all of them.

    The look-up costs `units`; as many as the items do unless given.
    """
    units = units_of_items(len(items)) if units is None else units
    charge(units)
    questions = [question_of_item(item) for item in items]
    judgements = judge_all(questions, key=key)
    outcomes = [
        outcome_of(key, item.content_id, _sha256(item), judgement)
        for item, judgement in zip(items, judgements, strict=True)
    ]
    verdicts = Counter(outcome.submission.verdict for outcome in outcomes)
    record(
        action="hash.matched" if verdicts[Verdict.MATCH] else "hash.checked",
        actor=Actor.key(key),
        tenant=key.tenant,
        status=200,
        data={
            "submissions": [outcome.submission.public_id for outcome in outcomes],
            "verdicts": verdicts,
            **elapsed(),
        },
        effects=[
            *effects_of(key, outcomes, units),
            *retained(key, [outcome.submission for outcome in outcomes], questions),
        ],
    )
    return outcomes


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
    matches = [
        unsaved(
            Match,
            tenant=key.tenant,
            submission=submission,
            entry=finding.entry,
            list_slug=finding.entry.hash_list.slug,
            source=finding.entry.hash_list.source,
            violation=finding.entry.violation,
            match_type=finding.match_type,
            distance=finding.distance,
            confidence=finding.confidence or "",
        )
        for finding in judgement.findings
    ]
    shadow = [
        unsaved(
            ShadowMatch,
            tenant=key.tenant,
            submission=submission,
            entry=finding.entry,
            match_type=finding.match_type,
            distance=finding.distance,
        )
        for finding in judgement.shadow
    ]
    return Outcome(submission, matches, _reviews(submission, judgement), shadow)


def _reviews(submission: Submission, judgement: Judgement) -> list[ReviewItem]:
    """What is put before the curators: partial matches that nobody should act on unseen."""
    return [
        ReviewItem(
            kind=ReviewKind.PARTIAL,
            tenant=submission.tenant,
            submission=submission,
            entry=finding.entry,
            evidence={"what": "shows parts of the entry", **asdict(finding.evidence)},
        )
        for finding in judgement.findings
        if finding.is_doubtful and finding.evidence
    ]


def effects_of(key: ApiKey, outcomes: Sequence[Outcome], units: int, **amounts: int) -> list[Write]:
    """What is written for `outcomes`, counters of the day included."""
    matches = [match for outcome in outcomes for match in outcome.matches]
    counts = Counter(submissions=len(outcomes), units=units, **amounts)
    for outcome in outcomes:
        counts["matches"] += outcome.submission.verdict == Verdict.MATCH
        counts["not_checked"] += outcome.submission.verdict == Verdict.NOT_CHECKED
        sure = [m for m in outcome.matches if m.confidence != Confidence.REVIEW]
        counts.update({f"matches_{match.match_type}" for match in sure})
    return [
        *insertions([outcome.submission for outcome in outcomes]),
        *insertions(matches),
        *insertions([item for outcome in outcomes for item in outcome.reviews]),
        *insertions([match for outcome in outcomes for match in outcome.shadow]),
        usage.counting(tenant=key.tenant, environment=key.environment, **counts),
        *_told(key, [o for o in outcomes if o.submission.verdict == Verdict.MATCH]),
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


def _sha256(item: HashItem) -> bytes | None:
    return item.digests.sha256 if item.digests and item.digests.sha256 else None


def _described(judgement: Judgement) -> dict[str, object]:
    return {
        "verdict": judgement.verdict.value,
        "checked": [stage.value for stage in judgement.checked],
        "not_checked_reason": judgement.reason,
        "lists": [finding.entry.hash_list.slug for finding in judgement.findings],
        "match_types": [finding.match_type.value for finding in judgement.findings],
        "lists_version": judgement.version.label,
    }
