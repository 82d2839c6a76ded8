"""The verbs: hash, judge, and commit the verdict together with its audit row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from matching.decoding import decoders
from matching.match.verdict import (
    HashItem,
    Judgement,
    judge,
    question_of_image,
    question_of_item,
)
from matching.models import Match, Submission, Verdict
from matching.snapshot import current_version, live
from tenants import usage
from tenants.audit.record import Actor, record
from tenants.models import ApiKey


@dataclass(frozen=True, slots=True)
class Outcome:
    """A recorded submission with its matches, strongest first."""

    submission: Submission
    matches: list[Match]


def match_image(*, key: ApiKey, data: bytes, content_id: str = "") -> Outcome:
    """The recorded verdict on the image in `data`.

    Raises ImageError for what can not be hashed, IndexUnavailable when nothing can be searched.
    """
    image = decoders().query(data)
    version = current_version()
    judgement = judge(question_of_image(image), key=key, index=live.at(version), version=version)
    with transaction.atomic():
        outcome = _recorded(key, content_id, image.digests.sha256, judgement)
        record(
            action="image.matched" if judgement.findings else "image.checked",
            actor=Actor.key(key),
            tenant=key.tenant,
            target=outcome.submission.public_id,
            status=200,
            data=_described(judgement),
        )
        # Last: from here to the commit the day's counter is locked.
        usage.count(
            tenant=key.tenant,
            environment=key.environment,
            bytes=len(data),
            **_increments([judgement]),
        )
    return outcome


def match_hashes(*, key: ApiKey, items: Sequence[HashItem]) -> list[Outcome]:
    """The recorded verdicts on `items`, in their order; one audit row for all of them."""
    version = current_version()
    index = live.at(version)
    judgements = [
        judge(question_of_item(item), key=key, index=index, version=version) for item in items
    ]
    with transaction.atomic():
        outcomes = [
            _recorded(key, item.content_id, _sha256(item), judgement)
            for item, judgement in zip(items, judgements, strict=True)
        ]
        record(
            action="hash.matched" if any(j.findings for j in judgements) else "hash.checked",
            actor=Actor.key(key),
            tenant=key.tenant,
            status=200,
            data={
                "submissions": [outcome.submission.public_id for outcome in outcomes],
                "verdicts": Counter(judgement.verdict.value for judgement in judgements),
            },
        )
        usage.count(tenant=key.tenant, environment=key.environment, **_increments(judgements))
    return outcomes


def _recorded(key: ApiKey, content_id: str, sha256: bytes | None, judgement: Judgement) -> Outcome:
    submission = Submission.objects.create(
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
        Match(
            tenant=key.tenant,
            submission=submission,
            entry=finding.entry,
            list_slug=finding.entry.hash_list.slug,
            source=finding.entry.hash_list.source,
            violation=finding.entry.violation,
            match_type=finding.match_type,
            distance=finding.distance,
        )
        for finding in judgement.findings
    ]
    if matches:
        Match.objects.bulk_create(matches)
    return Outcome(submission, matches)


def _sha256(item: HashItem) -> bytes | None:
    return item.digests.sha256 if item.digests and item.digests.sha256 else None


def _increments(judgements: Sequence[Judgement]) -> dict[str, int]:
    """What the judgements add to the tenant's counters of the day."""
    counted = Counter(submissions=len(judgements))
    for judgement in judgements:
        counted["matches"] += judgement.verdict is Verdict.MATCH
        counted["not_checked"] += judgement.verdict is Verdict.NOT_CHECKED
        counted.update({f"matches_{found.match_type}" for found in judgement.findings})
    return dict(counted)


def _described(judgement: Judgement) -> dict[str, object]:
    return {
        "verdict": judgement.verdict.value,
        "checked": [stage.value for stage in judgement.checked],
        "not_checked_reason": judgement.reason,
        "lists": [finding.entry.hash_list.slug for finding in judgement.findings],
        "match_types": [finding.match_type.value for finding in judgement.findings],
        "lists_version": judgement.version.label,
    }
