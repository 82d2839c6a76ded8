"""Many images and hashes at once: one lists version, one audit event, one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from matching.hashing import QueryHashes
from matching.hashing.local import Extracted
from matching.match.price import units_of_image, units_of_items
from matching.match.retaining import retained
from matching.match.rows import Outcome, effects_of, outcome_of
from matching.match.verdict import (
    HashItem,
    Question,
    judge_all,
    question_of_image,
    question_of_item,
)
from matching.models import Verdict
from tenants.audit.record import Actor, record
from tenants.models import ApiKey


@dataclass(frozen=True, slots=True)
class AskedImage:
    """An image that is hashed already; `size` in bytes, for the figures.

    `parts`, unless None, is what parts of listed pictures are looked for by, a frame each.
    """

    content_id: str
    image: QueryHashes
    size: int
    parts: tuple[Extracted, ...] | None = None


def match_several(
    *, key: ApiKey, items: Sequence[AskedImage | HashItem], target: str, failed: Sequence[str] = ()
) -> list[Outcome]:
    """The recorded verdicts on `items`, in their order; `failed` names what was no item at all.

    Inside the caller's transaction. `target` is what the audit event is about. Raises
    IndexUnavailable.
    """
    questions = [_question(item) for item in items]
    judgements = judge_all(questions, key=key) if items else []
    outcomes = [
        outcome_of(key, item.content_id, _sha256(item), judgement)
        for item, judgement in zip(items, judgements, strict=True)
    ]
    verdicts = Counter(outcome.submission.verdict for outcome in outcomes)
    record(
        action="image.matched" if verdicts[Verdict.MATCH] else "image.checked",
        actor=Actor.key(key),
        tenant=key.tenant,
        target=target,
        data={
            "submissions": [outcome.submission.public_id for outcome in outcomes],
            "verdicts": verdicts,
            "failed": Counter(failed),
        },
        effects=[
            *effects_of(
                key,
                outcomes,
                _units(items),
                bytes=sum(item.size for item in items if isinstance(item, AskedImage)),
                errors=len(failed),
            ),
            *retained(key, [outcome.submission for outcome in outcomes], questions),
        ],
    )
    return outcomes


def _units(items: Sequence[AskedImage | HashItem]) -> int:
    images = [item for item in items if isinstance(item, AskedImage)]
    hashes = len(items) - len(images)
    of_images = sum(units_of_image(item.image.pixels) for item in images)
    return of_images + (units_of_items(hashes) if hashes else 0)


def _question(item: AskedImage | HashItem) -> Question:
    if isinstance(item, AskedImage):
        return question_of_image(item.image, parts=item.parts)
    return question_of_item(item)


def _sha256(item: AskedImage | HashItem) -> bytes | None:
    digests = item.image.digests if isinstance(item, AskedImage) else item.digests
    return digests.sha256 or None if digests else None
