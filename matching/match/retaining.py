"""Keep what a submission was looked up by, for tenants that chose lookback."""

from __future__ import annotations

from collections.abc import Sequence

from matching.match.verdict import Question
from matching.models import RetainedHashes, Submission
from tenants.models import ApiKey
from tenants.writes import Write, insertions


def retained(
    key: ApiKey, submissions: Sequence[Submission], questions: Sequence[Question]
) -> list[Write]:
    """What keeps the hashes of `submissions`, to be written with them; mostly nothing."""
    if not key.tenant.hashes_kept_days:
        return []
    return insertions(
        [
            _row(key, submission, question)
            for submission, question in zip(submissions, questions, strict=True)
        ]
    )


def _row(key: ApiKey, submission: Submission, question: Question) -> RetainedHashes:
    digests = question.digests
    return RetainedHashes(
        tenant=key.tenant,
        submission=submission,
        environment=key.environment,
        md5=digests.md5 or None if digests else None,
        sha1=digests.sha1 or None if digests else None,
        sha256=digests.sha256 or None if digests else None,
        pdq=question.near.tobytes(),
    )
