"""What came of the partial stage: written once, with its matches, webhooks and audit event."""

from __future__ import annotations

from collections import Counter
from typing import Final

from django.db import transaction
from django.db.models.functions import Now

from matching import leases
from matching.match.rows import Outcome, described, effects_of_found, found_of
from matching.match.verdict import Finding, Judgement, NotCheckedReason
from matching.models import Match, ShadowMatch, Submission, Verdict, WaitingImage
from tenants.audit.content import content_reference
from tenants.audit.record import Actor, record
from tenants.models import ApiKey
from tenants.webhooks import enqueue

ACTOR: Final = Actor.system("matching.enhancing")


@transaction.atomic
def write(waiting: WaitingImage, key: ApiKey, judgement: Judgement | None) -> None:
    """End the wait: what was found, the verdict as it is now, and no row and no key any more.

    Without a judgement the submission turns `not_checked`, unless it is a match already: nobody
    looked for parts. Raises LeaseLost when another worker has the image.
    """
    if not leases.held(waiting).delete()[0]:
        raise leases.LeaseLost(str(waiting))
    submission = waiting.submission
    submission.tenant = key.tenant
    before = submission.verdict
    found = _found(submission, judgement)
    _change_verdict(submission, judgement)
    record(
        action="image.enhanced",
        actor=ACTOR,
        tenant=key.tenant,
        target=submission.public_id,
        data={
            **(described(judgement) if judgement else {}),
            "verdict": submission.verdict,
            "verdict_before": before,
            "not_checked_reason": submission.not_checked_reason or None,
            "matches": [match.public_id for match in found.matches],
            "content": content_reference(key.tenant, bytes(submission.sha256 or b"")),
        },
        effects=[
            *effects_of_found(key, [found], **_counts(before, submission.verdict)),
            enqueue(
                tenant=key.tenant,
                environment=submission.environment,
                event="enhance.finished",
                data={
                    "submission_id": submission.public_id,
                    "content_id": submission.content_id or None,
                    "verdict": submission.verdict,
                },
            ),
        ],
    )


def _found(submission: Submission, judgement: Judgement | None) -> Outcome:
    """The rows of what the first answer did not have: a match for each list and violation."""
    if judgement is None:
        return Outcome(submission, [])
    known = set(Match.objects.filter(submission=submission).values_list("list_slug", "violation"))
    counted = set(ShadowMatch.objects.filter(submission=submission).values_list("entry", flat=True))
    return found_of(
        submission,
        [finding for finding in judgement.findings if _group(finding) not in known],
        [finding for finding in judgement.shadow if finding.entry.pk not in counted],
    )


def _group(finding: Finding) -> tuple[str, str]:
    return finding.entry.hash_list.slug, finding.entry.violation


def _change_verdict(submission: Submission, judgement: Judgement | None) -> None:
    """A match that was told stays one, by the lists of then; anything else is as it is now."""
    if submission.verdict != Verdict.MATCH and judgement is None:
        submission.verdict = Verdict.NOT_CHECKED
        submission.not_checked_reason = NotCheckedReason.PARTS_NOT_SOUGHT
    elif submission.verdict != Verdict.MATCH and judgement is not None:
        submission.verdict = judgement.verdict
        submission.not_checked_reason = judgement.reason or ""
        submission.lists_version = judgement.version.version
        submission.lists_version_label = judgement.version.label
    if judgement is not None:
        submission.checked = [stage.value for stage in judgement.checked]
    Submission.objects.filter(pk=submission.pk).update(
        verdict=submission.verdict,
        not_checked_reason=submission.not_checked_reason,
        checked=submission.checked,
        lists_version=submission.lists_version,
        lists_version_label=submission.lists_version_label,
        awaits_parts=False,
        parts_sought_at=Now(),
    )


def _counts(before: str, after: str) -> Counter[str]:
    """What is added to the day's figures, in which the first answer stands already."""
    names = {Verdict.MATCH: "matches", Verdict.NOT_CHECKED: "not_checked"}
    return Counter([names[Verdict(after)]] if after != before and after in names else [])
